#include "skrnn/window_stream.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "base/floating_point.h"
#include "serving/model_impl.h"
#include "serving/ring.h"
#include "serving/running_horizon.h"
#include "serving/running_stack.h"
#include "serving/window_errors.h"

namespace skrnn {
namespace {

void require_windows(const NetworkSettings& network) {
  if (network.pooling != Pooling::kHorizon || network.reads_tokens() || network.bidirectional ||
      network.future_covariates > 0) {
    throw std::invalid_argument(
        "a stream of windows needs a model with pooling 'horizon' that reads numbers alone, in one "
        "direction");
  }
}

std::int64_t positive(const char* name, std::int64_t value) {
  constexpr std::int64_t kMost = std::int64_t{1} << 24;  // far below overflow
  if (value >= 1 && value <= kMost) return value;
  throw std::invalid_argument(std::string(name) + " must be between 1 and 2^24, got " +
                              std::to_string(value));
}

}  // namespace

struct WindowStream::Impl {
  const std::shared_ptr<const Model::Impl> model;
  const NetworkParts& parts;
  const WindowLevel level;
  const std::int64_t n, rows, width, L, I, M, K;

  std::int64_t count = 0;           // numbers read, at most L
  std::vector<Ring> read, targets;  // of each series: as the network reads them; NaN where missing
  Buffer<float> last;               // [n], of the numbers read
  Buffer<float> levels;             // [n]
  Buffer<float> input;              // [rows, n, width]
  Buffer<float> projected;          // [rows, n, I], null without a projection
  Buffer<float> outputs;            // [n, M, K]
  Buffer<double> errors;            // [n]
  RunningStack reader;
  RunningHorizon horizon;
  Buffer<char> scratch;  // of a dense layer

  Impl(std::shared_ptr<const Model::Impl> m, std::int64_t window_rows, WindowLevel l,
       std::int64_t series)
      : model(std::move(m)),
        parts(model->packed.parts()),
        level(l),
        n(series),
        rows(window_rows),
        width(model->channels()),
        L(rows * width),
        I(parts.stack.shape().input_size),
        M(parts.horizon->steps()),
        K(parts.head.outputs()),
        last(make_buffer<float>(n)),
        levels(make_buffer<float>(n)),
        input(make_buffer<float>(n * L)),
        outputs(make_buffer<float>(n * M * K)),
        errors(make_buffer<double>(n)),
        reader(parts.stack, n),
        horizon(*parts.horizon, parts.stack, n),
        scratch(make_buffer<char>(static_cast<std::int64_t>(std::max(
            parts.head.step_scratch(), parts.projection ? parts.projection->step_scratch() : 0)))) {
    for (std::int64_t b = 0; b < n; ++b) {
      read.emplace_back(L);
      targets.emplace_back(L);
    }
    if (parts.projection) projected = make_buffer<float>(n * rows * I);
    reset();
  }

  void reset() noexcept {
    count = 0;
    std::fill_n(last.get(), n, 0.0f);
  }

  float level_of(const float* window) const noexcept {
    if (level == WindowLevel::kLast) return window[L - 1];
    double sum = 0;
    for (std::int64_t k = 0; k < L; ++k) sum += static_cast<double>(window[k]);
    return static_cast<float>(sum / static_cast<double>(L));
  }

  void gather() noexcept {
    for (std::int64_t b = 0; b < n; ++b) {
      const float* window = read[b].get();
      levels[b] = level_of(window);
      for (std::int64_t row = 0; row < rows; ++row) {
        float* to = input.get() + (row * n + b) * width;
        for (std::int64_t k = 0; k < width; ++k) to[k] = window[row * width + k] - levels[b];
      }
    }
  }

  const float* run() noexcept {
    const FlushSubnormals guard;
    const float* x = input.get();
    if (parts.projection) {
      parts.projection->step(rows * n, x, projected.get(), scratch.get());
      x = projected.get();
    }
    for (std::int64_t b = 0; b < n; ++b) reader.reset(b);
    for (std::int64_t row = 0; row < rows; ++row) reader.step(x + row * n * I);
    parts.head.step(n * M, horizon.step(reader), outputs.get(), scratch.get());
    return outputs.get();
  }

  const float* step(const float* numbers) noexcept {
    for (std::int64_t b = 0; b < n; ++b) {
      if (!std::isnan(numbers[b])) last[b] = numbers[b];
      read[b].push(last[b]);
      targets[b].push(numbers[b]);
    }
    count = std::min(count + 1, L);
    if (count < L) return nullptr;
    gather();
    return run();
  }

  const double* reconstruction_errors() noexcept {
    for (std::int64_t b = 0; b < n; ++b) {
      const float *window = targets[b].get(), *rebuilt = outputs.get() + b * L;
      MeanError error;
      for (std::int64_t k = 0; k < L; ++k) {
        const float target = window[k] - levels[b];
        error.add(1, rebuilt + k, &target);
      }
      errors[b] = error.mean();
    }
    return errors.get();
  }
};

WindowStream::WindowStream(const Model& model, std::int64_t rows, WindowLevel level,
                           std::int64_t series) {
  require_windows(model.settings().network);
  impl_ = std::make_unique<Impl>(model.impl_, positive("rows", rows), level,
                                 positive("series", series));
}
WindowStream::~WindowStream() = default;
WindowStream::WindowStream(WindowStream&&) noexcept = default;
WindowStream& WindowStream::operator=(WindowStream&&) noexcept = default;

std::int64_t WindowStream::series() const noexcept { return impl_->n; }
std::int64_t WindowStream::length() const noexcept { return impl_->L; }
std::int64_t WindowStream::outputs() const noexcept { return impl_->M * impl_->K; }
const float* WindowStream::step(const float* numbers) noexcept { return impl_->step(numbers); }
const float* WindowStream::levels() const noexcept { return impl_->levels.get(); }
const double* WindowStream::reconstruction_errors() noexcept {
  return impl_->reconstruction_errors();
}
void WindowStream::reset() noexcept { impl_->reset(); }

}  // namespace skrnn
