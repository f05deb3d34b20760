// Half the squared error: l = mean over k of (o_k - y_k)^2 / 2. Its minimum is the mean.
#pragma once

#include "losses/loss.h"

namespace skrnn::squared_error {

inline double row(const LossShape& shape, const float* o, const float* y, float* gradient) {
  return mean_of_each(shape, o, y, gradient, [](double a, double target, double& derivative) {
    derivative = a - target;
    return derivative * derivative / 2;
  });
}

constexpr Loss kLoss = {"squared_error", "half the squared error", one_output_each, row, as_it_is,
                        value_of_each};

}  // namespace skrnn::squared_error
