// Absolute error: l = mean over k of |o_k - y_k|. Its minimum is the median.
#pragma once

#include "losses/loss.h"

namespace skrnn::absolute_error {

inline double row(const LossContext& context, const float* o, const float* y, float* gradient) {
  return mean_of_each(context, o, y, gradient, [](double a, double target, double& derivative) {
    const double error = a - target;
    derivative = error > 0 ? 1 : error < 0 ? -1 : error;  // NaN stays NaN
    return std::abs(error);
  });
}

constexpr Loss kLoss = {"absolute_error", "the absolute error", one_output_each, row,
                        identity,         value_of_each};

}  // namespace skrnn::absolute_error
