// Transposed copies of matrices.
#pragma once

#include "simd/packet.h"

namespace skrnn::SKRNN_ISA {

// to[c * to_stride + r] = row(r)[c] for r < rows and c < columns; row(r) points to row r.
template <class Row>
SKRNN_INLINE void transpose_rows(const Row& row, Index rows, Index columns, float* to,
                                 Index to_stride) {
  const Index whole_rows = rows - rows % kLanes, whole_columns = columns - columns % kLanes;
  for (Index r = 0; r < whole_rows; r += kLanes) {
    const float* from[kLanes];
    for (int i = 0; i < kLanes; ++i) from[i] = row(r + i);
    for (Index c = 0; c < whole_columns; c += kLanes) {
      Packet square[kLanes];
      for (int i = 0; i < kLanes; ++i) square[i] = load(from[i] + c);
      transpose(square);
      for (int i = 0; i < kLanes; ++i) store(to + (c + i) * to_stride + r, square[i]);
    }
  }
  for (Index r = 0; r < rows; ++r) {
    const float* from = row(r);
    for (Index c = r < whole_rows ? whole_columns : 0; c < columns; ++c) {
      to[c * to_stride + r] = from[c];
    }
  }
}

// to[c * to_stride + r] = from[r * from_stride + c] for r < rows and c < columns.
inline void transpose_matrix(const float* from, Index from_stride, Index rows, Index columns,
                             float* to, Index to_stride) {
  transpose_rows([=](Index r) { return from + r * from_stride; }, rows, columns, to, to_stride);
}

}  // namespace skrnn::SKRNN_ISA
