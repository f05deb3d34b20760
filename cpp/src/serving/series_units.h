// Units of series and of windows, in which a forecaster reads and answers.
#pragma once

#include <cstdint>
#include <vector>

#include "skrnn/model.h"

namespace skrnn {

// What is known of a series from its past.
struct SeriesFacts {
  double mean = 0;
  double deviation = 0;  // standard; 0 for a series that has not changed
  double magnitude = 0;  // mean of |y|
  bool grows = false;    // whether changes grow with the level

  // The deviation, or another positive number for a series that has not changed.
  double unit() const;
};

SeriesFacts learn_facts(const std::vector<double>& series, std::int64_t seasonality);

// With a scale of 0 what a network adds to the level is not to be taken.
struct WindowUnits {
  double level, scale;
};

// `last` is the last value of the window, and `magnitude` the mean of |y| in it.
WindowUnits window_units(ForecastSettings::Scaling scaling, const SeriesFacts& facts, double last,
                         double magnitude);

}  // namespace skrnn
