#include "skrnn/anomaly_stream.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "base/buffer.h"
#include "skrnn/window_stream.h"

namespace skrnn {
namespace {

constexpr double kFarthest = 1e30;  // in deviations: products with weights stay in float32

void require_channels(const char* name, const std::vector<double>& values, std::size_t channels,
                      bool positive) {
  if (values.size() != channels || values.empty()) {
    throw std::invalid_argument(std::string(name) + " must have a number for each channel");
  }
  for (const double value : values) {
    if (std::isfinite(value) && (!positive || value > 0)) continue;
    throw std::invalid_argument(std::string(name) + " must be finite" +
                                (positive ? " and above 0" : "") + ", got " +
                                std::to_string(value));
  }
}

}  // namespace

struct AnomalyStream::Impl {
  const AnomalySettings settings;
  const std::int64_t C, D;  // delay
  WindowStream windows;
  std::int64_t count = 0;  // steps read
  Buffer<float> numbers;   // [C], of one step
  // [D + 1], a ring: the error of the window that ends with step t is at t % (D + 1).
  Buffer<double> errors;

  Impl(const Model& model, const AnomalySettings& s)
      : settings(s),
        C(static_cast<std::int64_t>(s.mean.size())),
        D(s.delay),
        windows(model, s.rows, WindowLevel::kMean, C),
        numbers(make_buffer<float>(C)),
        errors(make_buffer<double>(D + 1)) {}

  // Of the window that ends with the step just read.
  double error() noexcept {
    const double* of_channels = windows.reconstruction_errors();
    double largest = NAN;
    for (std::int64_t c = 0; c < C; ++c)
      largest = std::fmax(largest, of_channels[c] / settings.unit[c]);
    return std::isnan(largest) ? 1.0 : largest;
  }

  // Of step t, from the windows up to step `last`.
  double score(std::int64_t t, std::int64_t last) const noexcept {
    const std::int64_t first = std::max(t, windows.length() - 1);
    if (first > last) return -1.0;
    double sum = 0;
    for (std::int64_t end = first; end <= last; ++end) sum += errors[end % (D + 1)];
    return -sum / static_cast<double>(last - first + 1);
  }

  double step(const double* x) noexcept {
    for (std::int64_t c = 0; c < C; ++c) {
      const double standard = (x[c] - settings.mean[c]) / settings.scale[c];
      // A comparison with NaN is false, and NaN stays.
      numbers[c] = static_cast<float>(standard > kFarthest    ? kFarthest
                                      : standard < -kFarthest ? -kFarthest
                                                              : standard);
    }
    const std::int64_t t = count++;
    if (windows.step(numbers.get()) != nullptr) errors[t % (D + 1)] = error();
    return t < D ? NAN : score(t - D, t);
  }

  std::int64_t pending(double* scores) const noexcept {
    const std::int64_t waiting = std::min(D, count);
    for (std::int64_t i = 0; i < waiting; ++i) scores[i] = score(count - waiting + i, count - 1);
    return waiting;
  }

  void reset() noexcept {
    count = 0;
    windows.reset();
  }
};

AnomalyStream::AnomalyStream(const Model& model, const AnomalySettings& settings) {
  const std::size_t C = settings.mean.size();
  require_channels("mean", settings.mean, C, false);
  require_channels("scale", settings.scale, C, true);
  require_channels("unit", settings.unit, C, true);
  const NetworkSettings& network = model.settings().network;
  if (settings.rows < 1 || network.horizon != settings.rows ||
      network.output_size != network.input_size) {
    throw std::invalid_argument("the model does not reconstruct windows of " +
                                std::to_string(settings.rows) + " rows");
  }
  const std::int64_t L = settings.rows * network.input_size;
  if (settings.delay < 0 || settings.delay >= L) {
    throw std::invalid_argument("delay must be between 0 and " + std::to_string(L - 1) +
                                ", less than a window has steps, got " +
                                std::to_string(settings.delay));
  }
  impl_ = std::make_unique<Impl>(model, settings);
}
AnomalyStream::~AnomalyStream() = default;
AnomalyStream::AnomalyStream(AnomalyStream&&) noexcept = default;
AnomalyStream& AnomalyStream::operator=(AnomalyStream&&) noexcept = default;

std::int64_t AnomalyStream::channels() const noexcept { return impl_->C; }
std::int64_t AnomalyStream::delay() const noexcept { return impl_->D; }
std::int64_t AnomalyStream::window() const noexcept { return impl_->windows.length(); }
double AnomalyStream::step(const double* numbers) noexcept { return impl_->step(numbers); }
std::int64_t AnomalyStream::pending(double* scores) const noexcept {
  return impl_->pending(scores);
}
void AnomalyStream::reset() noexcept { impl_->reset(); }

}  // namespace skrnn
