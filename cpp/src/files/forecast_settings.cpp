// What a forecaster reads and answers, from its description.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/choice.h"
#include "files/fields.h"
#include "files/json.h"
#include "files/refusal.h"
#include "skrnn/model.h"

namespace skrnn {
namespace {

using Scaling = ForecastSettings::Scaling;

struct NamedScaling {
  const char* name;
  Scaling scaling;
};
constexpr NamedScaling kScalings[] = {{"standard", Scaling::kStandard},
                                      {"mean_abs", Scaling::kMeanAbs},
                                      {"last", Scaling::kLast},
                                      {"season", Scaling::kSeason},
                                      {"difference", Scaling::kDifference},
                                      {"seasonal_difference", Scaling::kSeasonalDifference}};

constexpr std::int64_t kMost = std::int64_t{1} << 20;  // products of two fit into 64 bits

const char* const kPath = "metadata.forecaster";

void require(bool holds, const std::string& what) {
  if (!holds) refuse_file(std::string(kPath) + ".plan: " + what);
}

std::int64_t count(const Fields& plan, const char* name, std::int64_t least) {
  const std::int64_t value = plan.integer(name);
  require(
      value >= least && value <= kMost,
      std::string(name) + " must be in " + std::to_string(least) + ".." + std::to_string(kMost));
  return value;
}

std::vector<std::int64_t> read_lags(const Fields& plan) {
  std::vector<std::int64_t> lags;
  for (JsonItems items(plan.list("lags")); items.next();) {
    const auto lag = items.value().integer();
    require(lag.has_value() && lags.empty(), "lags must be a list of one integer at most");
    lags.push_back(*lag);
  }
  return lags;
}

ForecastSettings read_plan(const Fields& plan) {
  ForecastSettings settings;
  settings.horizon = count(plan, "horizon", 1);
  settings.rows = count(plan, "rows", 1);
  settings.width = count(plan, "width", 1);
  settings.steps = count(plan, "steps", 1);
  settings.step_width = count(plan, "step_width", 1);
  settings.seasonality = count(plan, "seasonality", 1);
  settings.covariates = count(plan, "covariates", 0);
  settings.lags = read_lags(plan);
  if (plan.get("scaling").text() != "null") {
    settings.scaling =
        choose(std::begin(kScalings), std::end(kScalings), plan.word("scaling"), "scaling").scaling;
  }
  return settings;
}

void check(const ForecastSettings& plan, const ServingSettings& serving) {
  require(plan.lookback() <= kMost, "a window is too large");
  for (const std::int64_t lag : plan.lags) {
    require(lag == plan.seasonality && lag >= plan.width,
            "a lag must be the season, and no less "
            "than the width of a row");
  }
  const bool seasonal = plan.season() > 0 || plan.scaling == Scaling::kSeasonalDifference;
  require(plan.seasonality > 1 || (!seasonal && plan.lags.empty()), "it needs a season");
  const NetworkSettings& network = serving.network;
  require(
      network.pooling == Pooling::kHorizon && !network.reads_tokens() && serving.operations.empty(),
      "the network must read channels as they are, and answer for steps to come");
  require(network.input_size == plan.channels() && network.horizon == plan.steps &&
              network.future_covariates == plan.step_width * plan.covariates &&
              serving.targets == plan.step_width,
          "it does not suit the sizes of the network");
}

}  // namespace

std::optional<ForecastSettings> Model::forecasts() const {
  if (description().empty()) return std::nullopt;
  const Json root = Json::parse(description(), "the description");
  const auto found = root.find("forecaster");
  if (!found || found->text() == "null") return std::nullopt;
  const Fields section(kPath, *found);
  ForecastSettings result = read_plan(section.object("plan"));
  result.missing = section.boolean("missing");
  result.trust = section.number("trust");
  require(result.trust >= 0 && result.trust <= 1, "trust must be in 0..1");
  check(result, settings());
  return result;
}

}  // namespace skrnn
