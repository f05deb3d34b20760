#include "skrnn/forecaster.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>

#include "serving/series_units.h"

namespace skrnn {
namespace {

constexpr double kLargest = 1e150;  // the squares of larger numbers overflow

ForecastSettings settings_of(const Model& model) {
  const std::optional<ForecastSettings> settings = model.forecasts();
  if (!settings) {
    throw std::invalid_argument("the model is no forecaster: save an RNNForecaster, and load it");
  }
  if (settings->covariates > 0) {
    throw std::invalid_argument(
        "the forecaster reads " + std::to_string(settings->covariates) +
        " covariates of each step, such as the calendar; forecast in Python, or fit without them");
  }
  return *settings;
}

// The series without gaps: each missing number is the last one before it, or else the first.
std::vector<double> filled(const std::vector<double>& series, bool missing) {
  const auto observed = [](double y) { return !std::isnan(y); };
  const auto first = std::find_if(series.begin(), series.end(), observed);
  if (first == series.end()) throw std::invalid_argument("the series has no number");
  std::vector<double> known;
  double last = *first;
  for (const double y : series) {
    if (observed(y) ? !(std::fabs(y) <= kLargest) : !missing) {
      throw std::invalid_argument("the series has " + std::to_string(y) + " at step " +
                                  std::to_string(known.size()) +
                                  "; expected finite numbers up to 1e150");
    }
    last = observed(y) ? y : last;
    known.push_back(last);
  }
  return known;
}

// The numbers that the network reads: the series, or its differences, the first of which are zero.
std::vector<double> as_read(const std::vector<double>& known, std::size_t lag) {
  if (lag == 0) return known;
  std::vector<double> differences(known.size());
  for (std::size_t t = lag; t < known.size(); ++t) differences[t] = known[t] - known[t - lag];
  return differences;
}

// The newest window of a series, as the network reads it.
class NewestWindow {
 public:
  NewestWindow(const std::vector<double>& read, const SeriesFacts& facts,
               const ForecastSettings& plan)
      : facts_(facts), plan_(plan), unit_(facts.unit()) {
    // The first number stands for those before the series.
    std::int64_t ahead = std::max({plan.width, plan.season(), std::int64_t{0}});
    for (const std::int64_t lag : plan.lags) ahead = std::max(ahead, lag);
    numbers_.assign(static_cast<std::size_t>(ahead), in_series(read.front()));
    for (const double y : read) numbers_.push_back(in_series(y));
    end_ = static_cast<std::int64_t>(numbers_.size());

    const auto n = static_cast<std::int64_t>(read.size());
    const std::int64_t length = std::min(n, plan.lookback());
    double magnitude = 0;
    for (auto y = read.end() - length; y != read.end(); ++y) magnitude += std::fabs(*y);
    magnitude /= static_cast<double>(length);
    units_ = window_units(plan.scaling, facts, value(end_ - 1), magnitude);

    rows_[1] = std::clamp<std::int64_t>(n / plan.width, 1, plan.rows);
    start_ = end_ - rows_[1] * plan.width;
    level_ = in_series(units_.level);
    scale_ = static_cast<float>((units_.scale > 0 ? units_.scale : unit_) / unit_);
  }

  // What the network answers for a step to come, in the units of the series as it is read.
  double forecast(std::int64_t step, double answer) const {
    const std::int64_t season = plan_.season();
    const double base = season > 0 ? value(end_ - season + step % season) : units_.level;
    return base + plan_.trust * units_.scale * answer;
  }

  // Views of this object.
  SequenceData data() const {
    SequenceData data;
    data.size = 1;
    data.offsets = rows_;
    data.values = numbers_.data();
    data.windows.starts = &start_;
    data.windows.width = plan_.width;
    data.windows.levels = &level_;
    data.windows.scales = &scale_;
    data.windows.lags = plan_.lags.data();
    data.windows.num_lags = static_cast<std::int64_t>(plan_.lags.size());
    return data;
  }

 private:
  // Numbers are kept in units of the series, so that little is lost to rounding.
  float in_series(double y) const { return static_cast<float>((y - facts_.mean) / unit_); }
  double value(std::int64_t i) const {
    return static_cast<double>(numbers_[static_cast<std::size_t>(i)]) * unit_ + facts_.mean;
  }

  const SeriesFacts& facts_;
  const ForecastSettings& plan_;
  double unit_;
  WindowUnits units_{};
  std::vector<float> numbers_;
  std::int64_t end_ = 0, start_ = 0, rows_[2] = {0, 0};
  float level_ = 0, scale_ = 1;
};

// The levels that a loss of quantiles forecasts; empty for others.
std::vector<double> quantiles_of(const LossSettings& loss) {
  const auto found = loss.options.find("quantiles");
  return found == loss.options.end() ? std::vector<double>()
                                     : std::get<std::vector<double>>(found->second);
}

// The place of the quantile nearest to the median.
std::size_t middle_of(const std::vector<double>& levels) {
  const auto closer = [](double a, double b) { return std::fabs(a - 0.5) < std::fabs(b - 0.5); };
  const auto nearest = std::min_element(levels.begin(), levels.end(), closer);
  return static_cast<std::size_t>(nearest - levels.begin());
}

}  // namespace

Forecaster::Forecaster(const Model& model) : model_(model), settings_(settings_of(model)) {}

std::vector<double> Forecaster::forecast(const std::vector<double>& series, std::int64_t horizon,
                                         int threads) const {
  if (horizon < 1) {
    throw std::invalid_argument("horizon must be at least 1, got " + std::to_string(horizon));
  }
  std::vector<double> known = filled(series, settings_.missing);
  const std::size_t count = known.size() + static_cast<std::size_t>(horizon);
  const auto lag = static_cast<std::size_t>(settings_.difference());
  std::vector<double> learned = as_read(known, lag);
  // Facts are of what was observed.
  std::size_t kept = 0;
  for (std::size_t t = lag; t < series.size(); ++t) {
    if (!std::isnan(series[t])) learned[kept++] = learned[t];
  }
  learned.resize(kept);
  const SeriesFacts facts = learn_facts(learned, settings_.seasonality);

  const std::vector<double> levels = quantiles_of(model_.settings().loss);
  const std::size_t each = std::max<std::size_t>(levels.size(), 1);
  std::vector<double> answers(static_cast<std::size_t>(settings_.steps * model_.answer_size()));
  while (known.size() < count) {
    const std::vector<double> read = as_read(known, lag);
    const NewestWindow window(read, facts, settings_);
    model_.predict(window.data(), answers.data(), threads);
    for (std::int64_t k = 0; k < settings_.block(); ++k) {
      // A row of answers has numbers of each target, several with quantiles; with gaussian_nll
      // deviations follow.
      const std::int64_t row = k / settings_.step_width, column = k % settings_.step_width;
      const auto first =
          answers.begin() + row * model_.answer_size() + column * static_cast<std::int64_t>(each);
      std::vector<double> values(first, first + static_cast<std::ptrdiff_t>(each));
      std::sort(values.begin(), values.end());  // quantiles do not cross
      double forecast = window.forecast(k, values[levels.empty() ? 0 : middle_of(levels)]);
      // Of a short series the first number stands before it.
      if (lag > 0) forecast += known[known.size() - std::min(lag, known.size())];
      known.push_back(forecast);
    }
  }
  return {known.begin() + static_cast<std::ptrdiff_t>(series.size()),
          known.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace skrnn
