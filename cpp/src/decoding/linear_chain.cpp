#include "decoding/linear_chain.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace skrnn {
namespace {

constexpr double kImpossible = -std::numeric_limits<double>::infinity();

// log sum over k < n of exp(term(k)); -infinity if all are.
template <class Term>
double log_sum(std::int64_t n, const Term& term) {
  double most = kImpossible, sum = 0;
  for (std::int64_t k = 0; k < n; ++k) most = std::max(most, term(k));
  if (most == kImpossible) return kImpossible;
  for (std::int64_t k = 0; k < n; ++k) sum += std::exp(term(k) - most);
  return most + std::log(sum);
}

// The best paths so far, up to one label of one step.
struct Candidate {
  double score;
  std::int64_t from;  // label of the step before
  std::int64_t rank;  // the place of its path in the list of that label
};

}  // namespace

LinearChain::Matrix LinearChain::matrix_of(std::int64_t K, const float* m, std::int64_t row,
                                           std::int64_t column) {
  Matrix matrix;
  const auto n = static_cast<std::size_t>(K);
  matrix.scores.resize(n * n);
  matrix.terms.resize(n * n);
  matrix.largest.assign(n, kImpossible);
  for (std::int64_t k = 0; k < K; ++k) {
    for (std::int64_t c = 0; c < K; ++c) {
      const auto score = static_cast<double>(m[k * row + c * column]);
      matrix.scores[k * K + c] = score;
      matrix.largest[c] = std::max(matrix.largest[c], score);
    }
  }
  for (std::int64_t k = 0; k < K; ++k) {
    for (std::int64_t c = 0; c < K; ++c) {
      matrix.terms[k * K + c] = std::exp(matrix.scores[k * K + c] - matrix.largest[c]);
    }
  }
  return matrix;
}

LinearChain::LinearChain(const TransitionScores& scores)
    : K_(scores.labels),
      onward_(matrix_of(K_, scores.between, K_, 1)),
      back_(matrix_of(K_, scores.between, 1, K_)),
      start_(scores.start, scores.start + K_),
      end_(scores.end, scores.end + K_) {}

// K exponentials and K logarithms, if the sum of a column is far above what a product of two terms
// loses where it underflows; else its K exponentials, one by one.
void LinearChain::log_product(const Matrix& matrix, const double* v, double* scratch,
                              double* out) const {
  constexpr double kLeast = 1e-270;
  const double most = *std::max_element(v, v + K_);
  std::fill_n(out, K_, 0.0);
  for (std::int64_t k = 0; k < K_; ++k) scratch[k] = std::exp(v[k] - most);
  for (std::int64_t k = 0; k < K_; ++k) {
    const double* terms = matrix.terms.data() + k * K_;
    for (std::int64_t c = 0; c < K_; ++c) out[c] += scratch[k] * terms[c];
  }
  for (std::int64_t c = 0; c < K_; ++c) {
    if (out[c] > kLeast) {
      out[c] = most + matrix.largest[c] + std::log(out[c]);
    } else {
      out[c] = log_sum(K_, [&](std::int64_t k) { return v[k] + matrix.scores[k * K_ + c]; });
    }
  }
}

std::vector<double> LinearChain::forward(std::int64_t T, const float* emissions) const {
  std::vector<double> alpha(static_cast<std::size_t>(T * K_)), scratch(start_.size());
  for (std::int64_t k = 0; k < K_; ++k) alpha[k] = start_[k] + static_cast<double>(emissions[k]);
  for (std::int64_t t = 1; t < T; ++t) {
    double* now = alpha.data() + t * K_;
    log_product(onward_, now - K_, scratch.data(), now);
    for (std::int64_t k = 0; k < K_; ++k) now[k] += static_cast<double>(emissions[t * K_ + k]);
  }
  return alpha;
}

std::vector<double> LinearChain::backward(std::int64_t T, const float* emissions) const {
  std::vector<double> beta(static_cast<std::size_t>(T * K_)), scratch(start_.size());
  std::vector<double> next(start_.size());
  std::copy(end_.begin(), end_.end(), beta.end() - K_);
  for (std::int64_t t = T - 2; t >= 0; --t) {
    double* now = beta.data() + t * K_;
    for (std::int64_t k = 0; k < K_; ++k) {
      next[k] = static_cast<double>(emissions[(t + 1) * K_ + k]) + now[K_ + k];
    }
    log_product(back_, next.data(), scratch.data(), now);
  }
  return beta;
}

double LinearChain::log_partition(std::int64_t T, const float* emissions) const {
  const std::vector<double> alpha = forward(T, emissions);
  const double* last = alpha.data() + (T - 1) * K_;
  return log_sum(K_, [&](std::int64_t k) { return last[k] + end_[k]; });
}

double LinearChain::marginals(std::int64_t T, const float* emissions, double* marginals,
                              double weight, double* pairs) const {
  const std::vector<double> alpha = forward(T, emissions), beta = backward(T, emissions);
  double log_z = 0;
  for (std::int64_t t = 0; t < T; ++t) {
    const double *a = alpha.data() + t * K_, *b = beta.data() + t * K_;
    double* p = marginals + t * K_;
    // log Z is the same at every step but for rounding; with the step's own, its marginals sum
    // to 1.
    double most = kImpossible, sum = 0;
    for (std::int64_t k = 0; k < K_; ++k) most = std::max(most, a[k] + b[k]);
    for (std::int64_t k = 0; k < K_; ++k) sum += p[k] = std::exp(a[k] + b[k] - most);
    for (std::int64_t k = 0; k < K_; ++k) p[k] /= sum;
    log_z = most + std::log(sum);
    if (t == 0 || pairs == nullptr) continue;
    for (std::int64_t i = 0; i < K_; ++i) {
      for (std::int64_t j = 0; j < K_; ++j) {
        const double score = a[i - K_] + onward_.scores[i * K_ + j] +
                             static_cast<double>(emissions[t * K_ + j]) + b[j];
        pairs[i * K_ + j] += weight * std::exp(score - log_z);
      }
    }
  }
  return log_z;
}

void LinearChain::best_paths(std::int64_t T, const float* emissions, std::int64_t n,
                             std::int64_t* labels, std::int64_t stride, double* scores,
                             std::int64_t score_stride) const {
  // lists[(t * K + k) * n]: the n best paths up to step t that end in label k, best first.
  std::vector<Candidate> lists(static_cast<std::size_t>(T * K_ * n), Candidate{kImpossible, 0, 0});
  std::vector<double> heads(start_.size());
  std::vector<std::int64_t> ranks(start_.size());
  // Fills a list from those of the step before, whose paths score score(i, rank).
  const auto merge = [&](Candidate* list, const auto& score) {
    std::fill(ranks.begin(), ranks.end(), 0);
    for (std::int64_t i = 0; i < K_; ++i) heads[i] = score(i, 0);
    for (std::int64_t p = 0; p < n; ++p) {
      const std::int64_t best = std::max_element(heads.begin(), heads.end()) - heads.begin();
      if (heads[best] == kImpossible) return;
      const std::int64_t rank = ranks[best]++;
      list[p] = {heads[best], best, rank};
      heads[best] = rank + 1 < n ? score(best, rank + 1) : kImpossible;
    }
  };
  for (std::int64_t k = 0; k < K_; ++k) {
    lists[k * n].score = start_[k] + static_cast<double>(emissions[k]);
  }
  for (std::int64_t t = 1; t < T; ++t) {
    const Candidate* before = lists.data() + (t - 1) * K_ * n;
    for (std::int64_t k = 0; k < K_; ++k) {
      const double* onward = back_.scores.data() + k * K_;  // from each label to k
      const auto emission = static_cast<double>(emissions[t * K_ + k]);
      merge(lists.data() + (t * K_ + k) * n, [&](std::int64_t i, std::int64_t rank) {
        return before[i * n + rank].score + onward[i] + emission;
      });
    }
  }
  std::vector<Candidate> best(static_cast<std::size_t>(n), Candidate{kImpossible, 0, 0});
  const Candidate* last = lists.data() + (T - 1) * K_ * n;
  merge(best.data(),
        [&](std::int64_t k, std::int64_t rank) { return last[k * n + rank].score + end_[k]; });
  for (std::int64_t p = 0; p < n; ++p) {
    scores[p * score_stride] = best[p].score;
    std::int64_t* path = labels + p * stride;
    if (best[p].score == kImpossible) {
      std::fill_n(path, T, 0);
      continue;
    }
    Candidate at = best[p];
    for (std::int64_t t = T - 1; t >= 0; --t) {
      path[t] = at.from;
      at = lists[(t * K_ + at.from) * n + at.rank];
    }
  }
}

}  // namespace skrnn
