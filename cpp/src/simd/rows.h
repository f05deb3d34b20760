// Rows of time-major matrices, as skrnn::Batch numbers them.
#pragma once

#include "layer/kernel_table.h"
#include "simd/packet.h"

namespace skrnn::SKRNN_ISA {

// Row of x, y and dy that rank i reads at step s.
SKRNN_INLINE Index row_of(const BatchView& batch, Index s, Index i) {
  return batch.time_offset[batch.reverse ? batch.lengths[i] - 1 - s : s] + batch.row_order[i];
}

// The number of sequences that are active at step s, and of those among them in a range of ranks.
SKRNN_INLINE Index active(const BatchView& batch, Index s) {
  return batch.packed_offset[s + 1] - batch.packed_offset[s];
}
SKRNN_INLINE Index active(const BatchView& batch, Index s, Range ranks) {
  const Index all = active(batch, s);
  return (all < ranks.end ? all : ranks.end) - ranks.begin;
}

// Barrier wait of the threads that share sequences: afterwards all units of the step are computed.
inline void wait_for_units(const Part& part) {
  if (part.wait) part.wait(part.barrier);
}

// The state before step s of rank i: a row of y, of the initial state, or of zeros.
SKRNN_INLINE const float* state_before(const BatchView& batch, Index s, Index i, Index H,
                                       const float* y, const float* h0, const float* zeros) {
  if (s > 0) return y + row_of(batch, s - 1, i) * H;
  return h0 ? h0 + batch.order[i] * H : zeros;
}

inline void copy_row(float* to, const float* from, Index n) {
  std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(float));
}
inline void fill_zero(float* p, Index n) {
  std::memset(p, 0, static_cast<std::size_t>(n) * sizeof(float));
}

}  // namespace skrnn::SKRNN_ISA
