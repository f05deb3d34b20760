// One of K classes, from logits: l = log sum over k of exp(o_k) - o_y. The target is the number of
// the class.
#pragma once

#include <algorithm>

#include "losses/loss.h"

namespace skrnn::cross_entropy {

inline std::int64_t outputs_for(const LossShape&) { return 0; }

inline void link(const LossShape& shape, float* o) {
  const float most = *std::max_element(o, o + shape.outputs);
  double sum = 0;
  for (std::int64_t k = 0; k < shape.outputs; ++k) {
    o[k] = std::exp(o[k] - most);
    sum += static_cast<double>(o[k]);
  }
  const auto scale = static_cast<float>(1.0 / sum);
  for (std::int64_t k = 0; k < shape.outputs; ++k) o[k] *= scale;
}

inline double row(const LossShape& shape, const float* o, const float* y, float* gradient) {
  const float most = *std::max_element(o, o + shape.outputs);
  const auto target = static_cast<std::int64_t>(*y);
  double sum = 0;
  for (std::int64_t k = 0; k < shape.outputs; ++k) {
    const float e = std::exp(o[k] - most);
    sum += static_cast<double>(e);
    if (gradient) gradient[k] = e;
  }
  if (gradient) {
    const auto scale = static_cast<float>(1.0 / sum);
    for (std::int64_t k = 0; k < shape.outputs; ++k) gradient[k] *= scale;
    gradient[target] -= 1.0f;
  }
  return std::log(sum) - static_cast<double>(o[target] - most);
}

// Probabilities that sum to one in float64, too.
inline void answer(const LossShape& shape, const float* p, const TargetUnits&, double* answers) {
  double sum = 0;
  for (std::int64_t k = 0; k < shape.outputs; ++k) sum += static_cast<double>(p[k]);
  for (std::int64_t k = 0; k < shape.outputs; ++k) answers[k] = static_cast<double>(p[k]) / sum;
}

constexpr Loss kLoss = {"cross_entropy", "one of several classes", outputs_for, row, link, answer};

}  // namespace skrnn::cross_entropy
