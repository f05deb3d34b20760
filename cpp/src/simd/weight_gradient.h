// The gradient of the weights, chunk by chunk: products of the transposed operands and the gate
// gradients, summed over the rows of a chunk.
#pragma once

#include "simd/backward.h"

namespace skrnn::SKRNN_ISA {

// Rows of BackwardArgs::hidden: the recurrent operand of each stage.
template <class Cell>
Index hidden_columns(Index H) {
  return Cell::kStages * H;
}

// Fills columns [begin, end) of the transposed operands: those rows of the chunk.
template <class Cell>
void transpose_operands(const BackwardArgs& a, Range rows, void* block) {
  const Index I = a.shape.input_size, H = a.shape.hidden_size;
  Arena arena(block);
  BackwardScratch<Cell> scratch(arena, a.shape, 0, a.capacity);
  fill_zero(scratch.zeros, H);
  const Index count = rows.end - rows.begin;
  const float** const from = scratch.rows;
  const auto row = [from](Index r) { return from[r]; };

  for_each_row(a, rows, [&](Index n, Index s, Index i) {
    from[n - rows.begin] = a.x + row_of(a.batch, s, i) * I;
  });
  transpose_rows(row, count, I, a.inputs + rows.begin, a.column_stride);

  for_each_row(a, rows, [&](Index n, Index s, Index i) {
    from[n - rows.begin] = state_before(a.batch, s, i, H, a.y, a.state0[0], scratch.zeros);
  });
  // Operands that are not stored as rows are computed a few rows at a time: h' times its mask, and
  // the second stage's r h' (r is the first thing its cell saves).
  const auto transpose_made = [&](float* to, const auto& factor) {
    for (Index done = 0; done < count; done += kLanes) {
      const Index here = count - done < kLanes ? count - done : kLanes;
      for_each_row(
          a, {rows.begin + done, rows.begin + done + here}, [&](Index n, Index s, Index i) {
            float* made = scratch.operand + (n - rows.begin - done) * H;
            const float* mask = a.recurrent_mask ? a.recurrent_mask + i * H : nullptr;
            const float* h = from[n - rows.begin];
            for (Index k = 0; k < H; ++k) {
              made[k] = factor(a.batch.packed_offset[s] + i, k) * (mask ? h[k] * mask[k] : h[k]);
            }
          });
      transpose_matrix(scratch.operand, H, here, H, to + rows.begin + done, a.column_stride);
    }
  };
  if (a.recurrent_mask) {
    transpose_made(a.hidden, [](Index, Index) { return 1.0f; });
  } else {
    transpose_rows(row, count, H, a.hidden + rows.begin, a.column_stride);
  }
  if constexpr (Cell::kStages == 2) {
    transpose_made(a.hidden + H * a.column_stride, [&](Index packed_row, Index k) {
      return a.saved_gates[packed_row * saved_gates<Cell>(H) + k / kLanes * Cell::kSaved * kLanes +
                           k % kLanes];
    });
  }
}

// Panels of all stages of the packed gradient: the units of work of weight_gradient.
template <class Cell>
Index gradient_panels(Index H) {
  Index panels = 0;
  for_each_stage<Cell>(
      [&](auto stage) { panels += Stage<Cell, decltype(stage)::value>::groups(H); });
  return panels;
}

// Adds to the packed gradient, for panels [begin, end) of stage S: the rows of a transposed operand
// times the gate gradients. `first_k` is the place of the operand's weights in a panel, `first_sum`
// the first of the sums that read the operand.
template <class Cell, int S>
void add_weight_gradient(const BackwardArgs& a, Range panels, const float* operand, Index columns,
                         Index first_k, int first_sum, BackwardScratch<Cell>& scratch) {
  using T = Stage<Cell, S>;
  using Shape = PanelShape<T::kGates, T::kGates, 0, T::kBlocks, T::kSums * T::kBlocks>;
  const Index H = a.shape.hidden_size;
  const GateGradients<Cell, S> dgates(a);
  for (Index k = 0; k < columns; ++k) scratch.rows[k] = operand + k * a.column_stride;
  Index num_segments = 0, in_pass = 0;
  append_segments(scratch.segments, num_segments, in_pass, 0, 0, a.chunk_rows, Shape::kStride);
  float* gradient = a.gradient + forward_offset<Cell, S>(a.shape);

  Product product{};
  product.rows = columns;
  product.a0 = product.a1 = scratch.rows;
  product.segments = scratch.segments;
  product.num_segments = num_segments;
  product.weights = dgates.base + first_sum * kLanes;
  product.panel_stride = dgates.panel_stride();
  product.blocks = blocks_of(H);
  product.panels = panels;
  product.target = {gradient + first_k * Shape::kSumFloats, T::panel_floats(a.shape),
                    Shape::kSumFloats};
  product.source = {product.target.base, product.target.panel_stride, product.target.row_stride};
  product.spilled = scratch.spilled;
  sweep<Shape>(product);
}

// Adds the sums over rows of the gate gradients to the packed bias gradient.
template <class Cell, int S>
void add_bias_gradient(const BackwardArgs& a, Range panels) {
  using T = Stage<Cell, S>;
  const GateGradients<Cell, S> dgates(a);
  constexpr int kPackets = T::kSums * T::kBlocks;
  for (Index p = panels.begin; p < panels.end; ++p) {
    const float* row = dgates.base + p * dgates.panel_stride();
    float* bias = a.gradient + forward_offset<Cell, S>(a.shape) + T::weight_floats(a.shape) +
                  p * T::Forward::kSumFloats;
    Packet sums[kPackets];
    for (int j = 0; j < kPackets; ++j) sums[j] = load(bias + j * kLanes);
    for (Index n = 0; n < a.chunk_rows; ++n, row += kPackets * kLanes) {
      for (int j = 0; j < kPackets; ++j) sums[j] = add(sums[j], load(row + j * kLanes));
    }
    for (int j = 0; j < kPackets; ++j) store(bias + j * kLanes, sums[j]);
  }
}

// Adds the sums over rows of the vector gradients to the packed gradient, for some blocks.
template <class Cell>
void add_vector_gradient(const BackwardArgs& a, Range blocks) {
  constexpr int kVectors = kNumVectors<Cell>;
  const VectorGradients<Cell> dvectors(a);
  for (Index b = blocks.begin; b < blocks.end; ++b) {
    const float* row = dvectors.base + b * dvectors.block_stride;
    float* gradient = a.gradient + vectors_offset<Cell>(a.shape) + b * kVectors * kLanes;
    Packet sums[kVectors];
    for (int v = 0; v < kVectors; ++v) sums[v] = load(gradient + v * kLanes);
    for (Index n = 0; n < a.chunk_rows; ++n, row += kVectors * kLanes) {
      for (int v = 0; v < kVectors; ++v) sums[v] = add(sums[v], load(row + v * kLanes));
    }
    for (int v = 0; v < kVectors; ++v) store(gradient + v * kLanes, sums[v]);
  }
}

// Adds this chunk to panels [begin, end) of the packed gradient. The vectors of a block go with the
// first stage's panel.
template <class Cell>
void weight_gradient(const BackwardArgs& a, Range range, void* block) {
  const Index I = a.shape.input_size, H = a.shape.hidden_size;
  Arena arena(block);
  BackwardScratch<Cell> scratch(arena, a.shape, 0, a.capacity);
  Index before = 0;
  for_each_stage<Cell>([&](auto stage) {
    constexpr int S = decltype(stage)::value;
    using T = Stage<Cell, S>;
    const Index groups = T::groups(H);
    const Index begin = range.begin > before ? range.begin - before : 0;
    const Index end = range.end - before < groups ? range.end - before : groups;
    if (begin < end) {
      add_weight_gradient<Cell, S>(a, {begin, end}, a.inputs, I, 0, 0, scratch);
      add_weight_gradient<Cell, S>(a, {begin, end}, a.hidden + S * H * a.column_stride, H, I,
                                   T::kSecondOffset, scratch);
      add_bias_gradient<Cell, S>(a, {begin, end});
      if constexpr (S == 0 && kNumVectors<Cell> > 0) {
        const Index blocks = blocks_of(H), last = end * T::kBlocks;
        add_vector_gradient<Cell>(a, {begin * T::kBlocks, last < blocks ? last : blocks});
      }
    }
    before += groups;
  });
}

}  // namespace skrnn::SKRNN_ISA
