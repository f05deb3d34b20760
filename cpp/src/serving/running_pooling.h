// Pooling step by step: after every step, the result as if the sequences ended there.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "network/pooling.h"

namespace skrnn {

// The pooling state of B sequences: sums, maxima, or both, in float64.
class RunningPooling {
 public:
  // Not for attention, whose weights of all steps change with each new one.
  RunningPooling(const Pooler& pooler, std::int64_t batch_size);

  // Columns of the state: F sums for "mean", F maxima for "max", and for "last_mean_max" the sums
  // and then the maxima.
  std::int64_t size() const noexcept { return (sums_ ? features_ : 0) + (maxima_ ? features_ : 0); }
  double* state() noexcept { return state_.get(); }  // [B, size]

  void reset(std::int64_t b) noexcept;
  // The input of the head, [B, P], after steps[b] steps of sequence b, including this one; valid
  // until the next call, or as long as `h`.
  const float* step(const float* h /* [B, F] */, const std::int64_t* steps /* [B] */) noexcept;

 private:
  std::int64_t batch_size_;
  std::int64_t features_;      // F
  bool last_, sums_, maxima_;  // parts of the head's input, in this order
  Buffer<double> state_;
  Buffer<float> pooled_;  // [B, P]
};

}  // namespace skrnn
