// Squared near zero and absolute beyond (Huber, Annals of Mathematical Statistics 35, 1964). With
// e = o_k - y_k, l = mean over k of
//   e^2 / 2                    where |e| <= delta
//   delta (|e| - delta / 2)    elsewhere
#pragma once

#include "losses/loss.h"

namespace skrnn::huber {

inline double row(const LossShape& shape, const float* o, const float* y, float* gradient) {
  const double delta = shape.delta;
  return mean_of_each(shape, o, y, gradient, [delta](double a, double target, double& derivative) {
    const double error = a - target, size = std::abs(error);
    if (size > delta) {
      derivative = error > 0 ? delta : -delta;
      return delta * (size - delta / 2);
    }
    derivative = error;
    return error * error / 2;
  });
}

constexpr Loss kLoss = {
    "huber", "squared near zero, absolute beyond", one_output_each, row, as_it_is, value_of_each};

}  // namespace skrnn::huber
