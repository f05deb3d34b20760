// Errors of windows: how far answers are from the targets that the windows have.
#pragma once

#include <cmath>
#include <cstdint>

#include "network/packed_network.h"
#include "skrnn/network.h"

namespace skrnn {

// The mean absolute error of outputs from targets, summed in their order. A target that is NaN is
// missing.
class MeanError {
 public:
  void add(std::int64_t n, const float* outputs, const float* targets) noexcept {
    for (std::int64_t k = 0; k < n; ++k) {
      const auto target = static_cast<double>(targets[k]);
      if (std::isnan(target)) continue;
      sum_ += std::abs(static_cast<double>(outputs[k]) - target);
      ++count_;
    }
  }
  double mean() const noexcept {  // NaN without a target
    return count_ > 0 ? sum_ / static_cast<double>(count_) : NAN;
  }

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

// The mean absolute error of the outputs of each window from its targets, [n], in its units. The
// network has one output for each target. Returns false if `keep_going` (may be null) did.
bool window_errors(const PackedNetwork& packed, const SequenceData& data, double* errors,
                   int threads, KeepGoing keep_going, void* context);

}  // namespace skrnn
