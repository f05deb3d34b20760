#include "serving/running_pooling.h"

#include <algorithm>
#include <limits>

namespace skrnn {

RunningPooling::RunningPooling(const Pooler& pooler, std::int64_t batch_size)
    : batch_size_(batch_size),
      features_(pooler.features()),
      last_(pooler.reads_last()),
      sums_(pooler.kind() == Pooling::kMean || pooler.kind() == Pooling::kLastMeanMax),
      maxima_(pooler.kind() == Pooling::kMax || pooler.kind() == Pooling::kLastMeanMax) {
  if (size() == 0) return;
  state_ = make_buffer<double>(batch_size * size());
  pooled_ = make_buffer<float>(batch_size * pooler.columns());
}

void RunningPooling::reset(std::int64_t b) noexcept {
  double* own = state_.get() + b * size();
  if (sums_) own = std::fill_n(own, features_, 0.0);
  if (maxima_) std::fill_n(own, features_, -std::numeric_limits<double>::infinity());
}

const float* RunningPooling::step(const float* h, const std::int64_t* steps) noexcept {
  if (size() == 0) return h;
  const std::int64_t F = features_;
  double* own = state_.get();
  float* to = pooled_.get();
  for (std::int64_t b = 0; b < batch_size_; ++b, h += F) {
    if (last_) to = std::copy_n(h, F, to);
    if (sums_) {
      add_step(F, h, own);
      mean_of_steps(F, own, steps[b], to);
      own += F;
      to += F;
    }
    if (maxima_) {
      for (std::int64_t f = 0; f < F; ++f) {
        if (is_new_maximum(h[f], static_cast<float>(own[f]))) own[f] = static_cast<double>(h[f]);
        to[f] = static_cast<float>(own[f]);
      }
      own += F;
      to += F;
    }
  }
  return pooled_.get();
}

}  // namespace skrnn
