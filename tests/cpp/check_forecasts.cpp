// Checks of forecasts: those of a network that adds nothing are naive ones, and what a file says of
// a forecaster has to suit its network.
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "model_files.h"
#include "skrnn/forecaster.h"

namespace {

using Numbers = std::vector<double>;

// A forecaster of 4 numbers from windows of up to 6, with a season of 3 and lags.
skrnn::ServingSettings network(const std::string& loss = "absolute_error") {
  skrnn::ServingSettings settings;
  settings.network.cell = "gru";
  settings.network.input_size = 4;
  settings.network.hidden_size = 3;
  settings.network.pooling = skrnn::Pooling::kHorizon;
  settings.network.horizon = 2;
  settings.network.output_size = loss == "absolute_error" ? 2 : loss == "quantile" ? 6 : 4;
  settings.loss.name = loss;
  if (loss == "quantile") settings.loss.options["quantiles"] = Numbers{0.1, 0.6, 0.9};
  settings.targets = 2;
  settings.target_mean = {0, 0};
  settings.target_scale = {1, 1};
  return settings;
}

std::string section(const std::string& scaling, bool missing = false) {
  return "{\"plan\": {\"horizon\": 4, \"rows\": 3, \"width\": 2, \"steps\": 2, \"step_width\": 2, "
         "\"seasonality\": 3, \"lags\": [3], \"scaling\": " +
         scaling + ", \"covariates\": 0}, \"missing\": " + (missing ? "true" : "false") +
         ", \"trust\": 0.5}";
}

File forecaster_file(const skrnn::ServingSettings& settings, const std::string& forecaster) {
  File file = file_of(settings);
  file.description = replaced(file.description, "\"estimator\": null",
                              "\"estimator\": null, \"forecaster\": " + forecaster);
  return file;
}

// `head` is written over all parameters of the head.
skrnn::Model model_of(const skrnn::ServingSettings& settings, const std::string& forecaster,
                      float head) {
  File file = forecaster_file(settings, forecaster);
  for (const File::Place& place : file.places) {
    if (place.name.rfind("head.", 0) != 0) continue;
    for (std::size_t i = 0; i < place.size; i += sizeof head) {
      std::memcpy(&file.data[place.begin + i], &head, sizeof head);
    }
  }
  const Bytes bytes = container(file);
  return skrnn::Model::parse(bytes.data(), bytes.size());
}

Numbers forecast(const std::string& scaling, const Numbers& series, std::int64_t horizon,
                 const std::string& loss = "absolute_error", float head = 0, bool missing = false) {
  const skrnn::Model model = model_of(network(loss), section(scaling, missing), head);
  return skrnn::Forecaster(model).forecast(series, horizon);
}

void expect_close(const Numbers& found, const Numbers& expected, const std::string& what) {
  bool close = found.size() == expected.size();
  for (std::size_t i = 0; close && i < found.size(); ++i) {
    close = std::fabs(found[i] - expected[i]) <= 1e-6 * (1 + std::fabs(expected[i]));
  }
  std::string text;
  for (const double y : found) text += " " + std::to_string(y);
  expect(close, what + " is" + text);
}

// With a head of zeros.
void check_naive() {
  const Numbers series = {3, 1, 5, 4, 1, 7, 4.5, 2, 8, 5, 2, 10};
  double mean = 0;
  for (const double y : series) mean += y / static_cast<double>(series.size());
  expect_close(forecast("\"last\"", series, 5), {10, 10, 10, 10, 10}, "the last value");
  expect_close(forecast("\"season\"", series, 7), {5, 2, 10, 5, 2, 10, 5}, "the last season");
  expect_close(forecast("\"difference\"", series, 5), {10, 10, 10, 10, 10}, "no difference");
  expect_close(forecast("\"seasonal_difference\"", series, 7), {5, 2, 10, 5, 2, 10, 5},
               "no difference from the season before");
  expect_close(forecast("\"standard\"", series, 3), {mean, mean, mean}, "the mean");
  expect_close(forecast("\"mean_abs\"", series, 3), {0, 0, 0}, "zero, in units of magnitudes");
  expect_close(forecast("null", series, 3), {0, 0, 0}, "zero, without a scaling");
  expect_close(forecast("\"difference\"", {1, 3, 5, 7}, 5), {9, 11, 13, 15, 17}, "a line");
  for (const char* loss : {"quantile", "gaussian_nll"}) {
    expect_close(forecast("\"season\"", series, 7, loss), {5, 2, 10, 5, 2, 10, 5},
                 std::string("the last season with the loss ") + loss);
  }
}

void check_short_and_constant() {
  for (const char* scaling :
       {"\"last\"", "\"season\"", "\"standard\"", "\"difference\"", "\"seasonal_difference\""}) {
    for (const double y : {7.0, 0.0, -1e30, 1e-30}) {
      for (const std::size_t n : {1, 2, 5, 30}) {
        const Numbers found = forecast(scaling, Numbers(n, y), 6, "absolute_error", 1);
        bool same = true;
        for (const double value : found) same &= std::fabs(value - y) <= 1e-6 * std::fabs(y);
        expect(same, std::string("a constant series goes on, scaled by ") + scaling);
      }
    }
  }
}

// With a bias of 2 alone each number is 2 scales from the base, of which half is taken.
void check_scales() {
  skrnn::ServingSettings settings = network();
  File file = forecaster_file(settings, section("\"last\""));
  for (const File::Place& place : file.places) {
    const float value = place.name == "head.bias" ? 2 : 0;
    if (place.name.rfind("head.", 0) != 0) continue;
    for (std::size_t i = 0; i < place.size; i += sizeof value) {
      std::memcpy(&file.data[place.begin + i], &value, sizeof value);
    }
  }
  const Bytes bytes = container(file);
  const skrnn::Forecaster forecaster(skrnn::Model::parse(bytes.data(), bytes.size()));
  // The standard deviation of 1, -1, ... is 1. The second answer goes on from the first.
  expect_close(forecaster.forecast({1, -1, 1, -1, 1, -1}, 6), {0, 0, 0, 0, 1, 1}, "a step of one");
  expect(forecaster.settings().horizon == 4 && forecaster.settings().block() == 4, "settings");
}

void check_missing() {
  const double nan = std::nan("");
  expect_close(forecast("\"last\"", {nan, 1, nan, 4, nan}, 2, "absolute_error", 0, true), {4, 4},
               "the last value observed");
  expect_close(forecast("\"season\"", {1, 2, 3, nan, 5, nan}, 3, "absolute_error", 0, true),
               {3, 5, 5}, "the last season observed");
}

template <class Work>
void expect_refusal(const Work& work, const std::string& words) {
  try {
    work();
    expect(false, "not refused: " + words);
  } catch (const std::invalid_argument& error) {
    expect(std::string(error.what()).find(words) != std::string::npos,
           "expected \"" + words + "\", got: " + error.what());
  }
}

void check_refusals() {
  const double nan = std::nan("");
  expect_refusal([] { forecast("null", {}, 2); }, "the series has no number");
  expect_refusal([] { forecast("null", {1, 2}, 0); }, "horizon must be at least 1, got 0");
  expect_refusal([&] { forecast("null", {1, nan}, 2); }, "at step 1; expected finite numbers");
  expect_refusal([] { forecast("null", {1, 2, INFINITY}, 2); }, "has inf at step 2");
  expect_refusal([] { forecast("null", {1e200}, 2); }, "up to 1e150");
  expect_refusal([&] { forecast("null", {nan}, 2, "absolute_error", 0, true); }, "no number");
  const File none = file_of(network());
  expect_refusal(
      [&] {
        const Bytes bytes = container(none);
        skrnn::Forecaster(skrnn::Model::parse(bytes.data(), bytes.size()));
      },
      "the model is no forecaster");

  struct Case {
    const char *from, *to, *words;
  };
  for (const Case& c : std::vector<Case>{
           {"\"rows\": 3", "\"rows\": 0", "rows must be in 1..1048576"},
           {"\"rows\": 3", "\"rows\": 1048577", "rows must be in"},
           {"\"rows\": 3", "\"rows\": 1048576", "a window is too large"},
           {"\"rows\": 3", "\"rows\": 1.5", "rows must be an integer"},
           {"\"width\": 2", "\"width\": 3", "does not suit the sizes"},
           {"\"steps\": 2", "\"steps\": 3", "does not suit the sizes"},
           {"\"step_width\": 2", "\"step_width\": 1", "does not suit the sizes"},
           {"\"seasonality\": 3", "\"seasonality\": 2", "a lag must be the season"},
           {"\"seasonality\": 3, \"lags\": [3]", "\"seasonality\": 1, \"lags\": [1]", "no less"},
           {"[3]", "[3, 3]", "a list of one integer at most"},
           {"[3]", "[3.0]", "a list of one integer at most"},
           {"[3]", "[]", "does not suit the sizes"},
           {"[3]", "3", "lags must be a list"},
           {"null", "\"least\"", "unknown scaling 'least'"},
           {"null", "7", "scaling must be a string"},
           {"\"covariates\": 0", "\"covariates\": -1", "covariates must be in 0"},
           {"\"covariates\": 0", "\"covariates\": 1", "does not suit the sizes"},
           {"\"covariates\"", "\"covariate\"", "has no \"covariates\""},
           {"\"missing\": false", "\"missing\": 0", "missing must be true or false"},
           {"\"trust\": 0.5", "\"trust\": 1.5", "trust must be in 0..1"},
           {"\"trust\": 0.5", "\"trust\": \"a\"", "trust must be a number"},
           {"\"plan\": {", "\"plan\": 3, \"x\": {", "plan must be an object"},
       }) {
    const std::string changed = replaced(section("null"), c.from, c.to);
    expect_refusal([&] { model_of(network(), changed, 0).forecasts(); }, c.words);
  }
  skrnn::ServingSettings pooled = network();
  pooled.network.pooling = skrnn::Pooling::kLast;
  pooled.network.horizon = 0;
  expect_refusal([&] { model_of(pooled, section("null"), 0).forecasts(); }, "steps to come");
}

// Windows that are not those of the network.
void check_windows() {
  const skrnn::ServingSettings settings = network();
  const std::vector<float> parameters = random_parameters(settings);
  const skrnn::Model model(settings, parameters.data());
  const std::vector<float> numbers(20, 1);
  const Index starts[] = {4}, offsets[] = {0, 3}, lags[] = {3};
  skrnn::SequenceData data;
  data.size = 1;
  data.offsets = offsets;
  data.values = numbers.data();
  data.windows.starts = starts;
  data.windows.width = 2;
  data.windows.lags = lags;
  Numbers answers(4);
  const auto predict = [&] { model.predict(data, answers.data(), 1); };
  expect_refusal(predict, "windows have 2 channels, but the network reads 4");
  data.windows.num_lags = 1;
  predict();
  data.windows.future_covariates = 1;
  expect_refusal(predict, "windows have 1 covariates of a step to come, but the network reads 0");

  skrnn::ServingSettings scaled = settings;
  scaled.operations = {{skrnn::ChannelOperation::Kind::kSubtract, {1, 2, 3, 4}, true}};
  data.windows.future_covariates = 0;
  const skrnn::Model with_operations(scaled, parameters.data());
  expect_refusal([&] { with_operations.predict(data, answers.data(), 1); },
                 "operations on channels");
}

}  // namespace

int main() {
  check_naive();
  check_short_and_constant();
  check_scales();
  check_missing();
  check_refusals();
  check_windows();
  return conclusion();
}
