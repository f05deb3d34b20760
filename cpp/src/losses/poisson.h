// The negative log-likelihood of counts in a Poisson distribution, without the constant log(y!).
// The outputs are logarithms of rates: l = mean over k of exp(o_k) - y_k o_k.
#pragma once

#include "losses/loss.h"

namespace skrnn::poisson {

inline double row(const LossContext& context, const float* o, const float* y, float* gradient) {
  return mean_of_each(context, o, y, gradient, [](double a, double target, double& derivative) {
    const double rate = std::exp(a);
    derivative = rate - target;
    return rate - target * a;
  });
}

inline void link(const LossContext& context, float* o) {
  for (std::int64_t k = 0; k < context.outputs; ++k) o[k] = std::exp(o[k]);
}

constexpr Loss kLoss = {"poisson",    "the likelihood of counts", one_output_each, row, link,
                        value_of_each};

}  // namespace skrnn::poisson
