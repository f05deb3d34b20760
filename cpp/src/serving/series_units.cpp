#include "serving/series_units.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace skrnn {
namespace {

using Scaling = ForecastSettings::Scaling;

constexpr double kGrows = 3;  // standard errors of a correlation that is no chance

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The mean of the products of deviations from the means.
double covariance(const std::vector<double>& x, const std::vector<double>& y) {
  const double x_mean = mean_of(x), y_mean = mean_of(y);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - x_mean) * (y[i] - y_mean);
  return sum / static_cast<double>(x.size());
}

// Whether the changes of a positive series are larger where its level is higher.
bool changes_grow(const std::vector<double>& series, std::size_t season) {
  const std::size_t n = series.size();
  if (n < 2 * season + 2 || *std::min_element(series.begin(), series.end()) <= 0) return false;
  const std::size_t width = std::max<std::size_t>(season, 3);
  std::vector<double> sums(1), changes, levels;
  for (const double y : series) sums.push_back(sums.back() + y);
  for (std::size_t end = season + 1; end <= n; ++end) {
    const std::size_t start = end - std::min(end, width);
    changes.push_back(std::fabs(series[end - 1] - series[end - 1 - season]));
    levels.push_back((sums[end] - sums[start]) / static_cast<double>(end - start));
  }
  const double sizes =
      std::sqrt(covariance(changes, changes)) * std::sqrt(covariance(levels, levels));
  const double n_root = std::sqrt(static_cast<double>(changes.size()));
  return covariance(changes, levels) * n_root > kGrows * sizes;
}

}  // namespace

double SeriesFacts::unit() const {
  if (deviation > 0) return deviation;
  return mean == 0 ? 1 : std::fabs(mean);
}

SeriesFacts learn_facts(const std::vector<double>& series, std::int64_t seasonality) {
  SeriesFacts facts;
  if (series.empty()) return facts;
  for (const double y : series)
    facts.magnitude += std::fabs(y) / static_cast<double>(series.size());
  // A mean of equal numbers may be off by rounding, and then no deviation is zero.
  const bool constant =
      std::adjacent_find(series.begin(), series.end(), std::not_equal_to<>()) == series.end();
  facts.mean = constant ? series.front() : mean_of(series);
  facts.deviation = constant ? 0 : std::sqrt(covariance(series, series));
  facts.grows = changes_grow(series, static_cast<std::size_t>(seasonality));
  return facts;
}

WindowUnits window_units(Scaling scaling, const SeriesFacts& facts, double last, double magnitude) {
  switch (scaling) {
    case Scaling::kNone:
      return {0, 1};
    case Scaling::kStandard:
      return {facts.mean, facts.deviation};
    case Scaling::kMeanAbs:
      return {0, magnitude > 0 ? magnitude : facts.magnitude};
    case Scaling::kDifference:
    case Scaling::kSeasonalDifference:
      // Differences that are all the same go on so.
      return {facts.deviation > 0 ? 0 : facts.mean, facts.deviation};
    case Scaling::kLast:
    case Scaling::kSeason:
      break;
  }
  const double relative = facts.grows && magnitude > 0 ? magnitude / facts.magnitude : 1;
  return {last, facts.deviation * relative};
}

}  // namespace skrnn
