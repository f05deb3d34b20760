#include "decoding/scaled_chains.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/floating_point.h"
#include "base/parallel.h"
#include "decoding/linear_chain.h"
#include "layer/dispatch.h"
#include "layer/grid.h"

namespace skrnn {
namespace {

// The share of Z that may be lost, below the rounding of float32.
constexpr double kNegligible = 1e-8;

// The sum of logarithms as the logarithm of products.
class LogProduct {
 public:
  void multiply(double factor) {
    product_ *= factor;
    if (product_ > 1e-200 && product_ < 1e200) return;
    sum_ += std::log(product_);
    product_ = 1;
  }
  double value() const { return sum_ + std::log(product_); }

 private:
  double product_ = 1, sum_ = 0;
};

// The number of ranks of a range that are active at a step.
Index active(const Batch& batch, Index t, Range ranks) {
  if (t >= batch.steps()) return 0;
  return std::max<Index>(0, std::min(batch.active(t), ranks.end) - ranks.begin);
}

}  // namespace

ScaledChains::ScaledChains(std::int64_t labels)
    : kernels_(active_kernels()),
      K_(labels),
      P_((labels + kernels_.lanes - 1) / kernels_.lanes * kernels_.lanes) {
  // A step loses at most 2^-126, the smallest normal number, in each of the K products of a sum,
  // and as much in each exponential and in the product with it.
  float* floor = floor_.reserve(P_);
  std::fill_n(floor, P_, 0.0f);
  std::fill_n(floor, K_, static_cast<float>(K_ + 4) * std::numeric_limits<float>::min());
}

ScaledChains::Terms ScaledChains::terms_of(const float* scores, std::int64_t n,
                                           Workspace<float>& workspace) const {
  Terms terms{workspace.reserve(n + kernels_.lanes), 0};
  kernels_.chain.terms(scores, 1, n, terms.values, &terms.largest);
  return terms;
}

void ScaledChains::load(const TransitionScores& scores) {
  between_ = terms_of(scores.between, K_ * K_, between_terms_);
  start_ = terms_of(scores.start, K_, start_terms_);
  end_ = terms_of(scores.end, K_, end_terms_);
  const MatrixKernels& matrix = kernels_.matrix;
  matrix.pack({K_, K_, between_.values, 1, K_, nullptr}, onward_.reserve(matrix.size(K_, K_)));
  matrix.pack({K_, K_, between_.values, K_, 1, nullptr}, back_.reserve(matrix.size(K_, K_)));
}

void ScaledChains::differentiate(const Batch& batch, const TransitionScores& scores,
                                 const float* emissions, const float* weights,
                                 double* log_partitions, const Gradient& gradient, int threads) {
  constexpr Index kWorkOfOne = 500'000;  // multiply-adds that make a thread worth its start
  const Index rows = batch.total_steps(), B = batch.size();
  x_.reserve(rows * P_);
  a_.reserve(rows * P_);
  b_.reserve(B * P_);
  largest_.reserve(rows);
  sums_.reserve(rows);
  back_sums_.reserve(B);
  dots_.reserve(B);
  lost_.reserve(B);
  float* pairs = pairs_.reserve(P_ * P_);
  {
    const FlushSubnormals guard;
    load(scores);
  }
  const int many = threads_worth(B, 3 * rows * K_ * K_, kWorkOfOne, threads);
  const std::size_t size = kernels_.matrix.scratch(K_);
  char* scratch = scratch_.reserve(static_cast<Index>(size) * many);
  run_parallel(many, [&](const Team& team) {
    const FlushSubnormals guard;
    char* own = scratch + size * static_cast<std::size_t>(team.thread);
    const Range ranks = ranks_of_part(batch, team.thread, team.threads);
    forward(batch, emissions, ranks, own);
    backward(batch, weights, ranks, gradient.emissions, own);
    finish(batch, weights, ranks, log_partitions, gradient.emissions);
  });
  run_parallel(many, [&](const Team& team) {
    const FlushSubnormals guard;
    const Range blocks = equal_share(P_ / kChainRows, team.thread, team.threads);
    std::fill(pairs + blocks.begin * kChainRows * P_, pairs + blocks.end * kChainRows * P_, 0.0f);
    for (Index t = 1; t < batch.steps(); ++t) {
      kernels_.chain.pairs(a_.get() + batch.packed_row(t - 1, 0) * P_,
                           x_.get() + batch.packed_row(t, 0) * P_, batch.active(t), K_, blocks,
                           pairs);
    }
  });
  for (Index i = 0; i < K_; ++i) {
    for (Index j = 0; j < K_; ++j) {
      gradient.between[i * K_ + j] =
          static_cast<double>(between_.values[i * K_ + j]) * static_cast<double>(pairs[i * P_ + j]);
    }
  }
  repeat_exactly(batch, scores, emissions, weights, log_partitions, gradient);
  std::fill_n(gradient.start, K_, 0.0);
  std::fill_n(gradient.end, K_, 0.0);
  for (Index i = 0; i < B; ++i) {
    const float* first = gradient.emissions + batch.packed_row(0, i) * K_;
    const float* last = gradient.emissions + batch.packed_row(batch.length(i) - 1, i) * K_;
    for (Index k = 0; k < K_; ++k) {
      gradient.start[k] += static_cast<double>(first[k]);
      gradient.end[k] += static_cast<double>(last[k]);
    }
  }
}

void ScaledChains::forward(const Batch& batch, const float* emissions, Range ranks, char* scratch) {
  for (Index t = 0; t < batch.steps(); ++t) {
    const Index n = active(batch, t, ranks);
    if (n == 0) break;
    const Index row = batch.packed_row(t, ranks.begin);
    float *x = x_.get() + row * P_, *a = a_.get() + row * P_;
    kernels_.chain.terms(emissions + row * K_, n, K_, x, largest_.get() + row);
    if (t == 0) {
      for (Index i = 0; i < n; ++i) std::copy_n(start_.values, P_, a + i * P_);
    } else {
      const float* before = a_.get() + batch.packed_row(t - 1, ranks.begin) * P_;
      kernels_.matrix.multiply({P_, K_, onward_.get(), before, P_, a, P_, false}, {0, n}, scratch);
    }
    kernels_.chain.forward(n, K_, floor_.get(), x, a, sums_.get() + row);
  }
}

void ScaledChains::backward(const Batch& batch, const float* weights, Range ranks, float* marginals,
                            char* scratch) {
  const auto floor = static_cast<double>(floor_.get()[0]);
  double* lost = lost_.get();
  std::fill(lost + ranks.begin, lost + ranks.end, 0.0);
  float* b = b_.get() + ranks.begin * P_;
  for (Index t = batch.steps() - 1; t >= 0; --t) {
    const Index n = active(batch, t, ranks), going_on = active(batch, t + 1, ranks);
    float* next = nullptr;
    if (going_on > 0) {
      next = x_.get() + batch.packed_row(t + 1, ranks.begin) * P_;
      kernels_.matrix.multiply({P_, K_, back_.get(), next, P_, b, P_, false}, {0, going_on},
                               scratch);
    }
    for (Index i = going_on; i < n; ++i) std::copy_n(end_.values, P_, b + i * P_);
    // Sequences that go on, then those that end here.
    for (const Range part : {Range{0, going_on}, Range{going_on, n}}) {
      if (part.begin == part.end) continue;
      const Index rank = ranks.begin + part.begin, row = batch.packed_row(t, rank);
      ChainBackwardArgs args{};
      args.rows = part.end - part.begin;
      args.labels = K_;
      args.floor = floor_.get();
      args.a = a_.get() + row * P_;
      args.forward_sums = sums_.get() + row;
      args.weights = weights + rank;
      args.b = b_.get() + rank * P_;
      args.x = x_.get() + row * P_;
      args.next = part.begin == 0 ? next : nullptr;
      args.marginals = marginals + row * K_;
      args.sums = back_sums_.get() + rank;
      args.dots = dots_.get() + rank;
      kernels_.chain.backward(args);
      for (Index i = 0; i < args.rows; ++i) {  // with c, d and d s
        const auto c = static_cast<double>(args.forward_sums[i]);
        const auto d = static_cast<double>(args.sums[i]), dot = static_cast<double>(args.dots[i]);
        lost[rank + i] += floor * (c + d) / (c * dot);
      }
    }
  }
}

void ScaledChains::finish(const Batch& batch, const float* weights, Range ranks,
                          double* log_partitions, float* marginals) {
  for (Index i = ranks.begin; i < ranks.end; ++i) {
    const Index T = batch.length(i);
    if (weights[i] == 0.0f || !(lost_.get()[i] < kNegligible)) {
      for (Index t = 0; t < T; ++t) {  // no part of the sum over pairs
        const Index row = batch.packed_row(t, i);
        std::fill_n(marginals + row * K_, K_, 0.0f);
        std::fill_n(a_.get() + row * P_, P_, 0.0f);
        std::fill_n(x_.get() + row * P_, P_, 0.0f);
      }
      log_partitions[i] = 0;
      continue;
    }
    LogProduct scales;
    double largest = static_cast<double>(start_.largest) + static_cast<double>(end_.largest) +
                     static_cast<double>(T - 1) * static_cast<double>(between_.largest);
    for (Index t = 0; t < T; ++t) {
      const Index row = batch.packed_row(t, i);
      largest += static_cast<double>(largest_.get()[row]);
      scales.multiply(static_cast<double>(sums_.get()[row]));
    }
    const float* last = a_.get() + batch.packed_row(T - 1, i) * P_;
    double dot = 0;
    for (Index k = 0; k < K_; ++k) {
      dot += static_cast<double>(last[k]) * static_cast<double>(end_.values[k]);
    }
    scales.multiply(dot);
    log_partitions[i] = largest + scales.value();
  }
}

void ScaledChains::repeat_exactly(const Batch& batch, const TransitionScores& scores,
                                  const float* emissions, const float* weights,
                                  double* log_partitions, const Gradient& gradient) const {
  std::vector<Index> ranks;
  for (Index i = 0; i < batch.size(); ++i) {
    if (weights[i] != 0.0f && !(lost_.get()[i] < kNegligible)) ranks.push_back(i);
  }
  if (ranks.empty()) return;
  const LinearChain chain(scores);
  std::vector<float> rows(static_cast<std::size_t>(batch.length(ranks.front()) * K_));
  std::vector<double> marginals(rows.size());
  for (const Index i : ranks) {
    const Index T = batch.length(i);
    const auto weight = static_cast<double>(weights[i]);
    for (Index t = 0; t < T; ++t) {
      std::copy_n(emissions + batch.packed_row(t, i) * K_, K_, rows.data() + t * K_);
    }
    log_partitions[i] = chain.marginals(T, rows.data(), marginals.data(), weight, gradient.between);
    for (Index t = 0; t < T; ++t) {
      float* to = gradient.emissions + batch.packed_row(t, i) * K_;
      for (Index k = 0; k < K_; ++k) to[k] = static_cast<float>(weight * marginals[t * K_ + k]);
    }
  }
}

}  // namespace skrnn
