// The pinball loss, whose minimum is a quantile (Koenker & Bassett, Econometrica 46, 1978). With Q
// levels tau_q and e = y_k - o_kq, l = mean over k and q of max(tau_q e, (tau_q - 1) e). Output k *
// Q + q is quantile q of target k.
#pragma once

#include "losses/loss.h"

namespace skrnn::quantile {

constexpr OptionRule kOptions[] = {
    {"quantiles", true, 0, [](double q) { return q > 0 && q < 1; }, "must be in (0, 1)"},
};

inline const std::vector<double>& quantiles_of(const LossContext& context) {
  return context.options[0];
}

inline std::int64_t outputs_for(const LossContext& context) {
  return context.targets * static_cast<std::int64_t>(quantiles_of(context).size());
}

inline double row(const LossContext& context, const float* o, const float* y, float* gradient) {
  const std::vector<double>& quantiles = quantiles_of(context);
  const double share = 1.0 / static_cast<double>(context.outputs);
  const auto levels = static_cast<std::int64_t>(quantiles.size());
  double sum = 0;
  for (std::int64_t j = 0; j < context.outputs; ++j) {
    const double tau = quantiles[static_cast<std::size_t>(j % levels)];
    const double error = static_cast<double>(y[j / levels]) - static_cast<double>(o[j]);
    const double slope = error > 0 ? tau : error < 0 ? tau - 1 : error;  // of the loss by e
    if (std::isnan(y[j / levels])) {
      if (gradient) gradient[j] = 0;
      continue;
    }
    sum += slope * error;
    if (gradient) gradient[j] = static_cast<float>(-slope * share);
  }
  return sum * share;
}

inline void answer(const LossContext& context, const float* linked, const TargetUnits& units,
                   double* answers) {
  const auto levels = static_cast<std::int64_t>(quantiles_of(context).size());
  for (std::int64_t j = 0; j < context.outputs; ++j) {
    answers[j] = units.value(j / levels, static_cast<double>(linked[j]));
  }
}

constexpr Loss kLoss = {
    "quantile", "the pinball loss of one or more quantiles", outputs_for, row, identity, answer,
    kOptions};

}  // namespace skrnn::quantile
