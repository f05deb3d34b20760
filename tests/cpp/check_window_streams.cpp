// Checks of streams of windows: they answer as predict does, and steps never allocate. See
// check_kernels.cpp for how to build and run.
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "allocations.h"
#include "model_files.h"
#include "random.h"
#include "skrnn/anomaly_stream.h"
#include "skrnn/layer.h"
#include "skrnn/window_stream.h"

namespace {

using skrnn::AnomalyStream;
using skrnn::Model;
using skrnn::WindowLevel;
using skrnn::WindowStream;

static_assert(noexcept(std::declval<WindowStream&>().step(nullptr)), "step lets an exception out");
static_assert(noexcept(std::declval<AnomalyStream&>().step(nullptr)), "step lets an exception out");
static_assert(std::is_nothrow_move_constructible_v<AnomalyStream>, "a stream can be moved");
static_assert(!std::is_copy_constructible_v<AnomalyStream>, "a stream is not copied by accident");

constexpr Index kWidth = 3, kRows = 4, kLength = kWidth * kRows, kSteps = 3 * kLength;

Model windows_model(const std::string& cell, Index layers, Index projection) {
  skrnn::ServingSettings settings;
  settings.network.cell = cell;
  settings.network.input_size = settings.network.output_size = settings.targets = kWidth;
  settings.network.hidden_size = 5;
  settings.network.num_layers = layers;
  settings.network.projection_size = projection;
  settings.network.pooling = skrnn::Pooling::kHorizon;
  settings.network.horizon = kRows;
  settings.loss.name = "squared_error";
  return Model(settings, random_parameters(settings).data());
}

std::vector<float> numbers_of_series() {
  Random random(3);
  std::vector<float> numbers;
  for (Index t = 0; t < kSteps; ++t) numbers.push_back(random.uniform(2));
  return numbers;
}

void check_agrees(const Model& model, const std::string& text) {
  const std::vector<float> numbers = numbers_of_series();
  WindowStream stream(model, kRows, WindowLevel::kLast);
  const Index offsets[] = {0, kRows};
  bool same = true;
  for (Index t = 0; t < kSteps; ++t) {
    const float* found = stream.step(numbers.data() + t);
    const Index start = t + 1 - kLength;
    same &= (found != nullptr) == (start >= 0);
    if (found == nullptr) continue;
    skrnn::SequenceData data;
    data.size = 1;
    data.offsets = offsets;
    data.values = numbers.data();
    data.windows.starts = &start;
    data.windows.width = kWidth;
    data.windows.levels = numbers.data() + t;
    float expected[kLength];
    skrnn::predict(model.network(), model.parameters(), data, expected, 1);
    same &= std::memcmp(found, expected, sizeof expected) == 0;
  }
  expect(same, text, "a stream of windows answers otherwise than predict");
}

void check_allocations(const Model& model, const std::string& text) {
  const std::vector<float> numbers = numbers_of_series();
  const auto streams = std::make_unique<AnomalyStream>(
      model, skrnn::AnomalySettings{kRows, 5, {0, 1}, {1, 2}, {0.5, 0.5}, 0});
  double pending[5];
  bool finite = true;
  const long before = count_of_allocations();
  for (Index t = 0; t < kSteps; ++t) {
    const double both[] = {numbers[static_cast<std::size_t>(t)], NAN};
    finite &= std::isfinite(streams->step(both)) == (t >= 5);
    streams->pending(pending);
  }
  const bool silent = count_of_allocations() == before;
  expect(silent, text, "a step allocates");
  expect(finite, text, "a score is not finite, or one comes too early");
}

void check_refusals() {
  const Model model = windows_model("gru", 1, 0);
  expect_refused([&] { WindowStream(model, 0, WindowLevel::kLast); }, "rows");
  expect_refused([&] { WindowStream(model, kRows, WindowLevel::kLast, 0); }, "series");
  expect(!model.anomalies(), "a model that is not from a file has settings of a detector");
  expect_refused([&] { AnomalyStream(model, {kRows + 1, 0, {0}, {1}, {1}, 0}); }, "reconstruct");
  expect_refused([&] { AnomalyStream(model, {kRows, kLength, {0}, {1}, {1}, 0}); }, "delay");
  expect_refused([&] { AnomalyStream(model, {kRows, 0, {0}, {0}, {1}, 0}); }, "scale");
  expect_refused([&] { AnomalyStream(model, {kRows, 0, {0}, {1}, {1, 1}, 0}); }, "unit");
}

}  // namespace

int main() {
  for (const skrnn::CellInfo& cell : skrnn::cells()) {
    for (const Index layers : {1, 2}) {
      for (const Index projection : {0, 6}) {
        const Model model = windows_model(cell.name, layers, projection);
        const std::string text = cell.name + " layers=" + std::to_string(layers) +
                                 " projection=" + std::to_string(projection);
        check_agrees(model, text);
        check_allocations(model, text);
      }
    }
  }
  check_refusals();
  return conclusion();
}
