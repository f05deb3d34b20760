// Cross-entropy of one of K classes, from logits: l = log sum over k of exp(o_k) - o_y. The target
// is the number of the class.
//
// A row of few classes uses scalar exponentials; a row of many classes, such as a vocabulary, uses
// a vectorised kernel.
#pragma once

#include <algorithm>

#include "losses/loss.h"

namespace skrnn::cross_entropy {

// The number of classes from which on the kernel is used: a row then takes less than half of the
// time, and an eighth with 10,000 classes. Fewer classes would gain less, and keep the bits of the
// scalar code.
constexpr std::int64_t kManyClasses = 64;

inline std::int64_t outputs_for(const LossContext&) { return 0; }

// Returns the sum of exp(o_k - most), most being the largest o_k; the terms go to `terms` [K],
// which may be o, or null.
inline double softmax_terms(const LossContext& context, const float* o, float& most, float* terms) {
  const std::int64_t K = context.outputs;
  if (K >= kManyClasses) return context.kernels->softmax_terms(o, K, &most, terms);
  most = *std::max_element(o, o + K);
  double sum = 0;
  for (std::int64_t k = 0; k < K; ++k) {
    const float e = std::exp(o[k] - most);
    sum += static_cast<double>(e);
    if (terms) terms[k] = e;
  }
  return sum;
}

inline void divide(float* terms, std::int64_t n, double sum) {
  const auto scale = static_cast<float>(1.0 / sum);
  for (std::int64_t k = 0; k < n; ++k) terms[k] *= scale;
}

inline void link(const LossContext& context, float* o) {
  float most;
  divide(o, context.outputs, softmax_terms(context, o, most, o));
}

inline double row(const LossContext& context, const float* o, const float* y, float* gradient) {
  float most;
  const auto target = static_cast<std::int64_t>(*y);
  const double sum = softmax_terms(context, o, most, gradient);
  if (gradient) {
    divide(gradient, context.outputs, sum);
    gradient[target] -= 1.0f;
  }
  return std::log(sum) - static_cast<double>(o[target] - most);
}

// The sum of p [n] in a fixed order: few terms one after another, many terms in eight partial sums.
inline double total_of(const float* p, std::int64_t n) {
  double sum = 0;
  std::int64_t k = 0;
  if (n >= kManyClasses) {
    constexpr int kSums = 8;
    double sums[kSums] = {};
    for (; k + kSums <= n; k += kSums) {
      for (int i = 0; i < kSums; ++i) sums[i] += static_cast<double>(p[k + i]);
    }
    for (const double part : sums) sum += part;
  }
  for (; k < n; ++k) sum += static_cast<double>(p[k]);
  return sum;
}

// Probabilities that sum to one in float64, too.
inline void answer(const LossContext& context, const float* p, const TargetUnits&,
                   double* answers) {
  const double sum = total_of(p, context.outputs);
  for (std::int64_t k = 0; k < context.outputs; ++k) answers[k] = static_cast<double>(p[k]) / sum;
}

constexpr Loss kLoss = {"cross_entropy", "one of several classes", outputs_for, row, link, answer};

}  // namespace skrnn::cross_entropy
