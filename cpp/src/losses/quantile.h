// Pinball loss, least at quantiles (Koenker & Bassett, Econometrica 46, 1978). With Q levels tau_q
// and e = y_k - o_kq, l = mean over k and q of max(tau_q e, (tau_q - 1) e). Output k * Q + q is
// quantile q of target k.
#pragma once

#include "losses/loss.h"

namespace skrnn::quantile {

inline std::int64_t outputs_for(const LossShape& shape) {
  return shape.targets * static_cast<std::int64_t>(shape.quantiles.size());
}

inline double row(const LossShape& shape, const float* o, const float* y, float* gradient) {
  const double share = 1.0 / static_cast<double>(shape.outputs);
  const auto levels = static_cast<std::int64_t>(shape.quantiles.size());
  double sum = 0;
  for (std::int64_t j = 0; j < shape.outputs; ++j) {
    const double tau = shape.quantiles[static_cast<std::size_t>(j % levels)];
    const double error = static_cast<double>(y[j / levels]) - static_cast<double>(o[j]);
    const double slope = error > 0 ? tau : error < 0 ? tau - 1 : error;  // of the loss by e
    sum += slope * error;
    if (gradient) gradient[j] = static_cast<float>(-slope * share);
  }
  return sum * share;
}

inline void answer(const LossShape& shape, const float* linked, const TargetUnits& units,
                   double* answers) {
  const auto levels = static_cast<std::int64_t>(shape.quantiles.size());
  for (std::int64_t j = 0; j < shape.outputs; ++j) {
    answers[j] = units.value(j / levels, static_cast<double>(linked[j]));
  }
}

constexpr Loss kLoss = {
    "quantile", "the pinball loss of one or more quantiles", outputs_for, row, as_it_is, answer};

}  // namespace skrnn::quantile
