#include "network/dropout.h"

#include <algorithm>
#include <cmath>

#include "base/philox.h"

namespace skrnn {

void Dropout::mask(double rate, std::int64_t layer, DropoutSite site, std::int64_t sample,
                   std::int64_t step, std::int64_t units, float* mask) const {
  // Unit u is word u % 4 of the counter (place * 2^16 + u / 4, step, sample, epoch).
  const auto threshold = static_cast<std::uint32_t>(std::floor(rate * 4294967296.0));
  const auto kept = static_cast<float>(1.0 / (1.0 - rate));
  const std::uint32_t place =
      static_cast<std::uint32_t>(4 * layer) + static_cast<std::uint32_t>(site);
  for (std::int64_t u = 0; u < units; u += 4) {
    const PhiloxWords words =
        philox({(place << 16) + static_cast<std::uint32_t>(u / 4), static_cast<std::uint32_t>(step),
                static_cast<std::uint32_t>(sample), epoch},
               seed);
    for (std::int64_t i = 0; i < std::min<std::int64_t>(4, units - u); ++i) {
      mask[u + i] = words[static_cast<std::size_t>(i)] < threshold ? 0.0f : kept;
    }
  }
}

const float* DropoutPass::forward(const Minibatch& batch, const Dropout* dropout, const float* x) {
  const double rate = dropout == nullptr ? 0 : dropout->rate_of(layer_);
  drops_ = rate > 0;
  if (!drops_) return x;
  const std::int64_t n = size_of(batch);
  float* mask = mask_.reserve(n);
  const auto draw = [&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    dropout->mask(rate, layer_, DropoutSite::kOutput, batch.sample(rank), step, columns_,
                  mask + row * columns_);
  };
  if (rows_ == Rows::kSteps) {
    batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
      draw(row, rank, dropout->steps_before + step);
    });
  } else {
    for (std::int64_t row = 0; row < each_ * batch.size(); ++row) {
      draw(row, row / each_, row % each_);
    }
  }
  float* masked = masked_.reserve(n);
  for (std::int64_t i = 0; i < n; ++i) masked[i] = x[i] * mask[i];
  return masked;
}

void DropoutPass::backward(const Minibatch& batch, float* gradient) const {
  const std::int64_t n = drops_ ? size_of(batch) : 0;
  for (std::int64_t i = 0; i < n; ++i) gradient[i] *= mask_.get()[i];
}

}  // namespace skrnn
