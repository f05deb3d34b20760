// The mean weight of all rows of targets that count, which keeps the weights of a minibatch in
// proportion to those of all data.
#pragma once

#include <cstdint>

namespace skrnn {

inline double mean_weight_of(const float* weights /* [rows], or null for ones */,
                             std::int64_t rows) {
  double sum = 0;
  std::int64_t count = 0;
  for (std::int64_t row = 0; weights != nullptr && row < rows; ++row) {
    sum += static_cast<double>(weights[row]);
    count += weights[row] != 0.0f;
  }
  return count > 0 ? sum / static_cast<double>(count) : 1;
}

}  // namespace skrnn
