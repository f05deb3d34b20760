// The Huber loss, squared near zero and linear beyond (Huber, Annals of Mathematical Statistics 35,
// 1964). With
// e = o_k - y_k, l = mean over k of
//   e^2 / 2                    where |e| <= delta
//   delta (|e| - delta / 2)    elsewhere
#pragma once

#include "losses/loss.h"

namespace skrnn::huber {

constexpr OptionRule kOptions[] = {
    {"delta", false, 1.0, [](double delta) { return delta > 0; }, "must be above 0"},
};

inline double row(const LossContext& context, const float* o, const float* y, float* gradient) {
  const double delta = context.options[0][0];
  return mean_of_each(context, o, y, gradient,
                      [delta](double a, double target, double& derivative) {
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
    "huber", "squared near zero, absolute beyond", one_output_each, row, identity, value_of_each,
    kOptions};

}  // namespace skrnn::huber
