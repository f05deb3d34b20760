#include "skrnn/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include "base/buffer.h"
#include "base/floating_point.h"
#include "base/parallel.h"
#include "base/philox.h"
#include "layer/dispatch.h"
#include "layer/grid.h"
#include "losses/cross_entropy.h"

namespace skrnn {

// The working memory of one thread.
struct SamplerScratch {
  Workspace<float> scores, terms, sorted;  // [V]
  Workspace<Index> order;                  // [V]

  void reserve(Index V) {
    for (Workspace<float>* space : {&scores, &terms, &sorted}) space->reserve(V);
    order.reserve(V);
  }
};

namespace {

constexpr std::int64_t kNothing = -1;
constexpr Index kBlock = 256;  // terms that are summed up together
constexpr float kNever = -std::numeric_limits<float>::infinity();

void require(bool holds, const char* name, double value, const char* rule) {
  if (holds) return;
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  throw std::invalid_argument(std::string(name) + " must be " + rule + ", got " + text);
}

void check(const SamplingSettings& s) {
  require(s.temperature >= 0 && std::isfinite(s.temperature), "temperature", s.temperature,
          "a finite number of 0 or more (0 takes the most probable token, 1 changes nothing)");
  require(s.top_k >= 0, "top_k", static_cast<double>(s.top_k),
          "0, which keeps all tokens, or more");
  require(s.top_p > 0 && s.top_p <= 1, "top_p", s.top_p,
          "above 0 and at most 1, which keeps all tokens");
  require(s.min_p >= 0 && s.min_p <= 1, "min_p", s.min_p,
          "between 0, which keeps all tokens, and 1");
  require(s.repetition_penalty > 0 && std::isfinite(s.repetition_penalty), "repetition_penalty",
          s.repetition_penalty, "a finite number above 0 (1 changes nothing)");
}

// A number in [0, 1) that depends on its arguments alone. It has 52 bits, so that times a sum in
// float64 it stays below that sum.
double uniform(std::uint64_t seed, std::int64_t sequence, std::int64_t step) {
  const auto low = [](std::int64_t i) { return static_cast<std::uint32_t>(i); };
  const PhiloxWords words =
      philox({low(step), low(step >> 32), low(sequence), low(sequence >> 32)}, seed);
  const std::uint64_t bits = (std::uint64_t{words[0]} << 32 | words[1]) >> 12;
  return static_cast<double>(bits) * 0x1p-52;
}

float rounded(double score) {
  return score < -static_cast<double>(std::numeric_limits<float>::max())
             ? kNever
             : static_cast<float>(score);
}

// The choice of a token from one row.
class Row {
 public:
  Row(const SamplingSettings& settings, Index tokens, SamplerScratch& scratch)
      : s_(settings), V_(tokens), kernels_(active_kernels()), scratch_(scratch) {}

  Index pick(const float* logits, const bool* seen, std::int64_t sequence, std::int64_t step) {
    scores_ = scores_of(logits, seen);
    const double sum = kernels_.softmax_terms(scores_, V_, &largest_, nullptr);
    if (!(sum > 0)) return kNothing;  // NaN
    if (s_.temperature == 0) return std::find(scores_, scores_ + V_, largest_) - scores_;
    terms_ = scratch_.terms.get();
    temper();
    cut_tail();
    return draw(uniform(s_.seed, sequence, step));
  }

 private:
  // The logits with the penalty, and without what is excluded.
  const float* scores_of(const float* logits, const bool* seen) {
    const bool penalized = seen != nullptr && s_.repetition_penalty != 1;
    if (!penalized && s_.excluded.empty()) return logits;
    float* scores = scratch_.scores.get();
    std::copy_n(logits, V_, scores);
    if (penalized) {
      float largest;
      const double sum = kernels_.softmax_terms(logits, V_, &largest, nullptr);
      const double normalizer = static_cast<double>(largest) + std::log(sum);
      for (Index v = 0; v < V_; ++v) {
        if (!seen[v]) continue;
        const double log_probability = static_cast<double>(logits[v]) - normalizer;
        scores[v] = rounded(log_probability * s_.repetition_penalty + normalizer);
      }
    }
    for (const Index v : s_.excluded) scores[v] = kNever;
    return scores;
  }

  // The least score that top_k keeps.
  float least_of_top_k() {
    if (s_.top_k == 0 || s_.top_k >= V_) return kNever;
    float* sorted = scratch_.sorted.get();
    std::copy_n(scores_, V_, sorted);
    std::nth_element(sorted, sorted + s_.top_k - 1, sorted + V_, std::greater<>());
    return sorted[s_.top_k - 1];
  }

  // Sets the terms: probabilities over that of the most probable token, whose term is thus 1.
  void temper() {
    const float least = least_of_top_k();
    for (Index v = 0; v < V_; ++v) {
      const double z = static_cast<double>(scores_[v] - largest_) / s_.temperature;
      terms_[v] = scores_[v] < least ? kNever : rounded(z);
    }
    float most;
    kernels_.softmax_terms(terms_, V_, &most, terms_);
  }

  // Sets to zero the terms that top_p and min_p cut.
  void cut_tail() {
    if (s_.top_p < 1) {
      const Index last = last_of_nucleus();
      const float least = terms_[last];
      for (Index v = 0; v < V_; ++v) {
        if (terms_[v] < least || (terms_[v] == least && v > last)) terms_[v] = 0;
      }
    }
    if (s_.min_p > 0) {
      for (Index v = 0; v < V_; ++v) {
        if (static_cast<double>(terms_[v]) < s_.min_p) terms_[v] = 0;
      }
    }
  }

  // The last token of the nucleus, in descending order of terms and, of equal ones, ascending order
  // of tokens.
  Index last_of_nucleus() {
    Index* order = scratch_.order.get();
    Index n = 0;
    const double sum = total();
    // Terms below this are together less than the tail that is cut.
    const double least = std::min(1.0, (1 - s_.top_p) * sum / static_cast<double>(V_));
    for (Index v = 0; v < V_; ++v) {
      if (static_cast<double>(terms_[v]) >= least) order[n++] = v;
    }
    const auto before = [this](Index a, Index b) {
      return terms_[a] != terms_[b] ? terms_[a] > terms_[b] : a < b;
    };
    // Half by half: what is wanted ends in one of them, and only a small one is sorted.
    constexpr Index kFew = 64;
    const double wanted = s_.top_p * sum;
    double reached = 0;
    Index begin = 0, end = n;
    while (end - begin > kFew) {
      const Index middle = begin + (end - begin) / 2;
      std::nth_element(order + begin, order + middle, order + end, before);
      double after = reached;
      for (Index i = begin; i < middle; ++i) after += static_cast<double>(terms_[order[i]]);
      if (after >= wanted) {
        end = middle;
      } else {
        begin = middle;
        reached = after;
      }
    }
    std::sort(order + begin, order + end, before);
    for (; begin < end; ++begin) {
      reached += static_cast<double>(terms_[order[begin]]);
      if (reached >= wanted) return order[begin];
    }
    return order[end - 1];  // in another order of summation it was just missed
  }

  // The sum of a block of terms.
  double sum_from(Index begin) const {
    return cross_entropy::total_of(terms_ + begin, std::min(kBlock, V_ - begin));
  }

  double total() const {
    double sum = 0;
    for (Index begin = 0; begin < V_; begin += kBlock) sum += sum_from(begin);
    return sum;
  }

  // The first token at which the sum of the terms so far exceeds u times that of all.
  Index draw(double u) const {
    const double wanted = u * total();
    double reached = 0;
    for (Index begin = 0; begin < V_; begin += kBlock) {
      const double after = reached + sum_from(begin);
      if (after <= wanted) {
        reached = after;
        continue;
      }
      // In another order of summation the block may just miss it; then it is its last token.
      Index last = kNothing;
      for (Index v = begin; v < std::min(V_, begin + kBlock); ++v) {
        if (terms_[v] == 0) continue;
        last = v;
        reached += static_cast<double>(terms_[v]);
        if (reached > wanted) break;
      }
      return last;
    }
    return kNothing;
  }

  const SamplingSettings& s_;
  const Index V_;
  const KernelTable& kernels_;
  SamplerScratch& scratch_;
  const float* scores_ = nullptr;
  float largest_ = 0;  // of the scores
  float* terms_ = nullptr;
};

}  // namespace

struct Sampler::Impl {
  SamplingSettings settings;
  std::vector<SamplerScratch> scratch;  // of each thread
};

Sampler::Sampler(const SamplingSettings& settings) : impl_(std::make_unique<Impl>()) {
  check(settings);
  impl_->settings = settings;
  std::vector<std::int64_t>& excluded = impl_->settings.excluded;
  std::sort(excluded.begin(), excluded.end());
  excluded.erase(std::unique(excluded.begin(), excluded.end()), excluded.end());
}
Sampler::~Sampler() = default;
Sampler::Sampler(Sampler&&) noexcept = default;
Sampler& Sampler::operator=(Sampler&&) noexcept = default;

const SamplingSettings& Sampler::settings() const noexcept { return impl_->settings; }

void Sampler::check_tokens(std::int64_t V) const {
  const std::vector<std::int64_t>& excluded = impl_->settings.excluded;
  for (const std::int64_t token : excluded) {
    if (token >= 0 && token < V) continue;
    throw std::invalid_argument("excluded holds the token " + std::to_string(token) +
                                "; expected 0.." + std::to_string(V - 1));
  }
  if (static_cast<std::int64_t>(excluded.size()) >= V) {
    throw std::invalid_argument("excluded holds all " + std::to_string(V) +
                                " tokens, so that none can be drawn; leave out one at least");
  }
}

void Sampler::pick(std::int64_t B, std::int64_t V, const float* logits, const bool* seen,
                   const std::int64_t* sequences, std::int64_t step, std::int64_t* tokens,
                   int threads) {
  constexpr std::int64_t kTokensOfOne = 32'768;  // logits that make a thread worth its start
  if (threads != 1) threads = threads_worth(B, B * V, kTokensOfOne, threads);
  std::vector<SamplerScratch>& scratch = impl_->scratch;
  if (static_cast<int>(scratch.size()) < threads) {
    scratch.resize(static_cast<std::size_t>(threads));
  }
  for (SamplerScratch& one : scratch) {
    one.reserve(V);  // here, where running out of memory may throw
  }
  const FloatingPointMode::Register mode = FloatingPointMode::read();
  run_parallel(threads, [&](const Team& team) {
    const FloatingPointMode guard(mode);
    Row row(impl_->settings, V, scratch[static_cast<std::size_t>(team.thread)]);
    const Range range = equal_share(B, team.thread, team.threads);
    for (std::int64_t b = range.begin; b < range.end; ++b) {
      tokens[b] = row.pick(logits + b * V, seen ? seen + b * V : nullptr, sequences[b], step);
    }
  });
}

}  // namespace skrnn
