// The negative log-likelihood of a normal distribution, without the constant log(2 pi) / 2. Of 2 K
// outputs the first K are means m_k and the others raw scales a_k:
//
//   s_k = S tanh(a_k / S)                           the log-variance
//   l = mean over k of (s_k + (y_k - m_k)^2 exp(-s_k)) / 2
//
// The log-variance (Kendall & Gal, arXiv:1703.04977, equation 8) needs no constraint, and a step in
// it multiplies the deviation by a factor. It is bounded because the loss has no minimum if a mean
// equals its target exactly; tanh, unlike clipping, always passes a gradient. The links are means
// and standard deviations.
#pragma once

#include "losses/loss.h"

namespace skrnn::gaussian_nll {

constexpr double kBound = 10;  // S: deviations from exp(-5) to exp(5)

inline std::int64_t outputs_for(const LossContext& context) { return 2 * context.targets; }

inline double row(const LossContext& context, const float* o, const float* y, float* gradient) {
  const std::int64_t n = context.targets;
  const double share = 0.5 / static_cast<double>(n);
  double sum = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    const double bounded = std::tanh(static_cast<double>(o[n + k]) / kBound);
    const double precision = std::exp(-kBound * bounded);
    const double error = static_cast<double>(o[k]) - static_cast<double>(y[k]);
    const double scaled = error * error * precision;
    if (std::isnan(y[k])) {
      if (gradient) gradient[k] = gradient[n + k] = 0;
      continue;
    }
    sum += kBound * bounded + scaled;
    if (gradient) {
      gradient[k] = static_cast<float>(2 * share * error * precision);
      gradient[n + k] = static_cast<float>(share * (1 - scaled) * (1 - bounded * bounded));
    }
  }
  return sum * share;
}

inline void link(const LossContext& context, float* o) {
  for (std::int64_t k = context.targets; k < context.outputs; ++k) {
    o[k] = static_cast<float>(std::exp(kBound / 2 * std::tanh(static_cast<double>(o[k]) / kBound)));
  }
}

inline void answer(const LossContext& context, const float* linked, const TargetUnits& units,
                   double* answers) {
  for (std::int64_t k = 0; k < context.targets; ++k) {
    const std::int64_t deviation = context.targets + k;
    answers[k] = units.value(k, static_cast<double>(linked[k]));
    answers[deviation] = units.difference(k, static_cast<double>(linked[deviation]));
  }
}

constexpr Loss kLoss = {
    "gaussian_nll", "the likelihood of a normal distribution", outputs_for, row, link, answer};

}  // namespace skrnn::gaussian_nll
