// Forecasts of series by a saved RNNForecaster:
//
//   skrnn::Forecaster forecaster(skrnn::Model::load("model.skrnn"));
//   std::vector<double> coming = forecaster.forecast({112, 118, 132, 129, 121}, 12);
#pragma once

#include <cstdint>
#include <vector>

#include "skrnn/model.h"

namespace skrnn {

// Any number of threads may use one.
class Forecaster {
 public:
  // Throws std::invalid_argument for a model that is no RNNForecaster from a file, and for one that
  // reads covariates, such as the calendar.
  explicit Forecaster(const Model& model);

  const ForecastSettings& settings() const { return settings_; }

  // The `horizon` steps that follow the numbers of any series: what
  // `predict(horizon, series=series)` returns in Python, to rounding. Units are those of the series
  // given, and so it should be as long as it can. With `settings().missing` NaN is a step that
  // nobody observed. Throws std::invalid_argument for a series without a number, for numbers that
  // are not finite or above 1e150, and for a horizon below 1. `threads` <= 0 means max_threads().
  std::vector<double> forecast(const std::vector<double>& series, std::int64_t horizon,
                               int threads = 1) const;

 private:
  Model model_;
  ForecastSettings settings_;
};

}  // namespace skrnn
