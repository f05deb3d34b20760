#include "skrnn/batch.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace skrnn {

Batch Batch::padded(std::int64_t steps, std::int64_t batch, const std::int64_t* lengths,
                    bool reverse) {
  Batch result;
  result.reverse_ = reverse;
  result.rows_ = steps * batch;
  result.order_.resize(batch);
  std::iota(result.order_.begin(), result.order_.end(), 0);
  result.lengths_.assign(batch, steps);
  if (lengths != nullptr) {
    for (std::int64_t b = 0; b < batch; ++b) {
      if (lengths[b] < 1 || lengths[b] > steps) {
        throw std::invalid_argument("lengths[" + std::to_string(b) + "] is " +
                                    std::to_string(lengths[b]) + ", expected 1.." +
                                    std::to_string(steps));
      }
    }
    std::stable_sort(result.order_.begin(), result.order_.end(),
                     [&](std::int64_t a, std::int64_t b) { return lengths[a] > lengths[b]; });
    for (std::int64_t i = 0; i < batch; ++i) result.lengths_[i] = lengths[result.order_[i]];
  }
  result.row_order_ = result.order_;
  result.time_offset_.resize(steps);
  result.packed_offset_.assign(steps + 1, 0);
  std::int64_t running = batch;
  for (std::int64_t t = 0; t < steps; ++t) {
    while (running > 0 && result.lengths_[running - 1] <= t) --running;
    result.time_offset_[t] = t * batch;
    result.packed_offset_[t + 1] = result.packed_offset_[t] + running;
  }
  return result;
}

Batch Batch::packed(std::int64_t steps, const std::int64_t* batch_sizes, bool reverse) {
  Batch result;
  result.reverse_ = reverse;
  const std::int64_t batch = steps > 0 ? batch_sizes[0] : 0;
  result.order_.resize(batch);
  std::iota(result.order_.begin(), result.order_.end(), 0);
  result.row_order_ = result.order_;
  result.lengths_.assign(batch, 0);
  result.time_offset_.resize(steps);
  result.packed_offset_.assign(steps + 1, 0);
  for (std::int64_t t = 0; t < steps; ++t) {
    if (batch_sizes[t] < 1 || batch_sizes[t] > (t > 0 ? batch_sizes[t - 1] : batch)) {
      throw std::invalid_argument("batch_sizes[" + std::to_string(t) + "] is " +
                                  std::to_string(batch_sizes[t]) +
                                  ", expected values from 1 on that never rise");
    }
    for (std::int64_t i = 0; i < batch_sizes[t]; ++i) ++result.lengths_[i];
    result.time_offset_[t] = result.packed_offset_[t];
    result.packed_offset_[t + 1] = result.packed_offset_[t] + batch_sizes[t];
  }
  result.rows_ = result.packed_offset_.back();
  return result;
}

}  // namespace skrnn
