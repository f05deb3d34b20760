// Copies of columns from one matrix to another.
#pragma once

#include <algorithm>
#include <cstdint>

namespace skrnn {

// Copies `count` columns of `rows` rows. Rows of `from` are `from_stride` long, those of `to`
// `to_stride`.
inline void copy_columns(std::int64_t rows, std::int64_t count, const float* from,
                         std::int64_t from_stride, float* to, std::int64_t to_stride) {
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(from + r * from_stride, count, to + r * to_stride);
  }
}

}  // namespace skrnn
