// Binary cross-entropy of one or more labels, from logits: l = mean over k of log(1 + exp(o_k)) -
// y_k o_k.
#pragma once

#include <algorithm>

#include "losses/loss.h"

namespace skrnn::binary_cross_entropy {

inline double probability(double o) {
  // The argument of exp is never positive, so there is no overflow.
  const double e = std::exp(-std::abs(o));
  return (o >= 0 ? 1 : e) / (1 + e);
}

inline double row(const LossContext& context, const float* o, const float* y, float* gradient) {
  return mean_of_each(context, o, y, gradient, [](double a, double target, double& derivative) {
    derivative = probability(a) - target;
    return std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a))) - target * a;
  });
}

inline void link(const LossContext& context, float* o) {
  for (std::int64_t k = 0; k < context.outputs; ++k) {
    o[k] = static_cast<float>(probability(static_cast<double>(o[k])));
  }
}

// The answers are probabilities, which have no units.
inline void answer(const LossContext& context, const float* p, const TargetUnits&,
                   double* answers) {
  for (std::int64_t k = 0; k < context.outputs; ++k) answers[k] = static_cast<double>(p[k]);
}

constexpr Loss kLoss = {
    "binary_cross_entropy", "several questions of yes or no", one_output_each, row, link, answer};

}  // namespace skrnn::binary_cross_entropy
