// Backward through time, a chunk of steps at a time.
//
// Within a chunk only dL/dh and dL/dc travel from step to step, and each sequence goes alone; the
// gradients of x and of the weights are large products over all rows of the chunk. Gate gradients
// are laid out so that the very same memory is the rows of one product (dL/dh, dL/dx: sums over
// gates) and the panels of the other (dL/dW: sums over rows).
#pragma once

#include "simd/forward.h"

namespace skrnn::SKRNN_ISA {

// Gate gradients of stage S of one chunk: [panel][capacity][block of the panel][sum][lane].
template <class Cell, int S>
struct GateGradients {
  using T = Stage<Cell, S>;
  static constexpr Index kRowFloats = T::Forward::kSumFloats;
  float* base;
  Index capacity;

  GateGradients(const BackwardArgs& a)
      : base(a.dgates + a.capacity * sums_offset<Cell, S>(a.shape.hidden_size)),
        capacity(a.capacity) {}

  float* row(Index n) const { return base + n * kRowFloats; }
  Index panel_stride() const { return capacity * kRowFloats; }
};

// The gates as an inner dimension: those whose sums take the input (first = 0), or the recurrent
// operand (first = kSecondOffset).
template <class Cell, int S>
Index gate_segments(const GateGradients<Cell, S>& dgates, Index H, int first, Segment* segments) {
  using T = Stage<Cell, S>;
  Index count = 0, in_pass = 0;
  for (Index p = 0; p < T::groups(H); ++p) {
    const Index left = blocks_of(H) - p * T::kBlocks;
    const Index here = left < T::kBlocks ? left : T::kBlocks;
    const Index begin = p * dgates.panel_stride() + first * kLanes;
    append_segments(segments, count, in_pass, 0, begin, begin + here * T::kGates * kLanes,
                    OutShape::kBlocks);
  }
  return count;
}
inline Index max_gate_segments(Index H) {
  return 2 * blocks_of(H) + max_segments(blocks_of(H) * kWidestPanel * kLanes, OutShape::kBlocks);
}

// Rows of gate gradients times a transposed weight matrix of `columns` columns.
template <class T>
Product gates_times_weights(Index H, Index columns, const float* packed, Index rows,
                            const float* const* gates, const Segment* segments, Index num_segments,
                            float* spilled) {
  Product product{};
  product.rows = rows;
  product.a0 = product.a1 = gates;
  product.segments = segments;
  product.num_segments = num_segments;
  product.weights = packed;
  product.panel_stride = OutShape::kBlocks * kLanes * T::back_inner(H);
  product.blocks = blocks_of(columns);
  product.panels = {0, OutShape::panels(product.blocks)};
  product.spilled = spilled;
  return product;
}

// A row of `size` floats with room for whole panels.
inline Index padded_size(Index size) {
  return OutShape::panels(blocks_of(size)) * OutShape::kBlocks * kLanes;
}

template <class Cell>
struct BackwardScratch {
  Segment* segments;
  const float** rows;
  float* spilled;
  float* zeros;     // [padded H]
  float* dx;        // [kSlabRows][padded I]
  float* dh;        // [ranks][padded H]; cells that pass dL/dh on themselves
  float* doperand;  // [ranks][padded H]; cells with two stages only
  float* operand;   // [kLanes][padded H]
  float* ones;      // [padded H]; cells with two stages only

  // `capacity` as in BackwardArgs.
  BackwardScratch(Arena& arena, LayerShape shape, Index ranks, Index capacity) {
    const Index H = shape.hidden_size, padded = padded_size(H);
    const Index most = ranks > capacity ? ranks : capacity;
    // The inner dimension is the gates on the way to dL/dh and dL/dx, the rows on the way to dL/dW.
    const Index gates = max_gate_segments(H), over_rows = max_segments(capacity, kWidestPanel);
    segments = arena.take<Segment>(gates > over_rows ? gates : over_rows);
    rows = arena.take<const float*>(most > shape.input_size + H ? most : shape.input_size + H);
    spilled = arena.take<float>(spilled_floats(kSlabRows, kWidestPanel * kLanes));
    zeros = arena.take<float>(padded);
    dx = arena.take<float>(kSlabRows * padded_size(shape.input_size));
    dh = arena.take<float>(Cell::kPassesDh ? ranks * padded : 0);
    doperand = arena.take<float>(Cell::kStages == 2 ? ranks * padded : 0);
    operand = arena.take<float>(kLanes * padded);
    ones = arena.take<float>(Cell::kStages == 2 ? padded : 0);
  }
};

template <class Cell>
std::size_t backward_scratch(LayerShape shape, Index ranks, Index capacity) {
  Arena arena(nullptr);
  BackwardScratch<Cell>(arena, shape, ranks, capacity);
  return arena.used();
}

// Rows of BackwardArgs::hidden: the recurrent operand of each stage.
template <class Cell>
Index hidden_columns(Index H) {
  return Cell::kStages * H;
}

// Calls f(row, s, i) for rows [begin, end) of the chunk: rank i at step s.
template <class F>
SKRNN_INLINE void for_each_row(const BackwardArgs& a, Range rows, F&& f) {
  const Index* offset = a.batch.packed_offset;
  Index s = a.step_begin;
  for (Index row = rows.begin; row < rows.end; ++row) {
    const Index packed_row = offset[a.step_begin] + row;
    while (packed_row >= offset[s + 1]) ++s;
    f(row, s, packed_row - offset[s]);
  }
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
  // Operands that stand nowhere as rows are made a few rows at a time: h' times its mask, and the
  // second stage's r h' (r is the first thing its cell saves).
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

// The cell's equations at step s for this part's blocks of N of its sequences, from the r-th on.
// Leaves in scratch.rows where their gate gradients stand.
template <class Cell, int S, int N>
SKRNN_INLINE void backward_units(const BackwardArgs& a, const Part& part, Index s, Index r,
                                 const GateGradients<Cell, S>& dgates,
                                 BackwardScratch<Cell>& scratch) {
  using T = Stage<Cell, S>;
  const Index H = a.shape.hidden_size, padded = padded_size(H);
  const BatchView& batch = a.batch;
  const Index chunk_row = batch.packed_offset[s] - batch.packed_offset[a.step_begin];
  UnitGradients<N> first;  // of the first block
  for (int n = 0; n < N; ++n) {
    const Index i = part.ranks.begin + r + n, packed_row = batch.packed_offset[s] + i;
    first.state_prev_[0][n] = state_before(batch, s, i, H, a.y, a.state0[0], scratch.zeros);
    first.state_[0][n] = a.y + row_of(batch, s, i) * H;
    first.saved_[n] = a.saved_gates + packed_row * saved_gates<Cell>(H);
    for (int k = 1; k < kNumStates<Cell>; ++k) {
      const float* saved = a.saved_states[k];
      const float* at_first = a.state0[k] ? a.state0[k] + batch.order[i] * H : scratch.zeros;
      first.state_prev_[k][n] = s > 0 ? saved + (batch.packed_offset[s - 1] + i) * H : at_first;
      first.state_[k][n] = saved + packed_row * H;
    }
    for (int k = 0; k < kNumStates<Cell>; ++k) first.dstate_[k][n] = a.dstate[k] + i * padded;
    if constexpr (Cell::kStages == 2) {
      first.doperand_[n] = scratch.doperand + (r + n) * padded;
      first.mask_[n] = a.recurrent_mask ? a.recurrent_mask + i * H : scratch.ones;
    }
    first.dsums[n] = dgates.row(chunk_row + i);
    scratch.rows[r + n] = first.dsums[n];
  }
  for (Index b = part.blocks.begin; b < part.blocks.end; ++b) {
    const Index at = b * kLanes;
    UnitGradients<N> u;
    u.lanes = lanes_in(b, H);
    for (int n = 0; n < N; ++n) {
      u.saved_[n] = first.saved_[n] + at * Cell::kSaved;
      for (int k = 0; k < kNumStates<Cell>; ++k) {
        u.state_prev_[k][n] = first.state_prev_[k][n] + at;
        u.state_[k][n] = first.state_[k][n] + at;
        u.dstate_[k][n] = first.dstate_[k][n] + at;
      }
      if constexpr (Cell::kStages == 2) {
        u.doperand_[n] = first.doperand_[n] + at;
        u.mask_[n] = first.mask_[n] + at;
      }
      u.dsums[n] = first.dsums[n] + b / T::kBlocks * dgates.panel_stride() +
                   b % T::kBlocks * T::kSums * kLanes;
    }
    T::backward(u);
  }
}

// One stage of one step for the first `count` sequences of a part: the cell's equations, then what
// flows back through the recurrent weights, from all units to those of this part.
template <class Cell, int S>
void backward_stage(const BackwardArgs& a, const Part& part, Index s, Index count,
                    BackwardScratch<Cell>& scratch) {
  using T = Stage<Cell, S>;
  const Index H = a.shape.hidden_size, padded = padded_size(H);
  const GateGradients<Cell, S> dgates(a);
  Index r = 0;
  for (; count - r >= kLockstep; r += kLockstep) {
    backward_units<Cell, S, kLockstep>(a, part, s, r, dgates, scratch);
  }
  for (; r < count; ++r) backward_units<Cell, S, 1>(a, part, s, r, dgates, scratch);
  wait_for_units(part);

  // What the cell passes on itself is added last: begun with it, the small products would each be
  // rounded to its size.
  constexpr bool kAdds = S == 0 && Cell::kPassesDh;
  float* dh = a.dstate[0] + part.ranks.begin * padded;
  float* out = S == 1 ? scratch.doperand : kAdds ? scratch.dh : dh;
  const Index num_segments = gate_segments<Cell, S>(dgates, H, T::kSecondOffset, scratch.segments);
  Product product =
      gates_times_weights<T>(H, H, a.packed_back + backward_offset<Cell, S>(a.shape), count,
                             scratch.rows, scratch.segments, num_segments, scratch.spilled);
  product.panels = {OutShape::panels(part.blocks.begin), OutShape::panels(part.blocks.end)};
  product.target = {out, OutShape::kSumFloats, padded};
  product.source = {scratch.zeros, 0, 0};
  sweep<OutShape>(product);
  const bool masks = S == 0 && a.recurrent_mask;
  for (Index row = 0; (kAdds || masks) && row < count; ++row) {
    const float* mask = masks ? a.recurrent_mask + (part.ranks.begin + row) * H : nullptr;
    for (Index b = part.blocks.begin; b < part.blocks.end; ++b) {
      const Index at = row * padded + b * kLanes;
      Packet flow = load(out + at);
      if (masks) flow = mul(flow, load(mask + b * kLanes, lanes_in(b, H)));
      store(dh + at, kAdds ? add(load(dh + at), flow) : flow);
    }
  }
}

// Steps of the chunk for one part, last step first.
template <class Cell>
void backward_steps(const BackwardArgs& a, const Part& part, void* block) {
  const Index H = a.shape.hidden_size, padded = padded_size(H);
  const BatchView& batch = a.batch;
  Arena arena(block);
  BackwardScratch<Cell> scratch(arena, a.shape, part.ranks.end - part.ranks.begin, a.capacity);
  fill_zero(scratch.zeros, padded);
  if constexpr (Cell::kStages == 2) {
    for (Index k = 0; k < padded; ++k) scratch.ones[k] = 1.0f;
  }

  for (Index s = a.step_end - 1; s >= a.step_begin; --s) {
    const Index count = active(batch, s, part.ranks);
    if (count <= 0) continue;
    for (Index i = part.ranks.begin; a.dy && i < part.ranks.begin + count; ++i) {
      float* dh = a.dstate[0] + i * padded;
      const float* dy = a.dy + row_of(batch, s, i) * H;
      for (Index b = part.blocks.begin; b < part.blocks.end; ++b) {
        store(dh + b * kLanes, add(load(dh + b * kLanes), load(dy + b * kLanes, lanes_in(b, H))));
      }
    }
    if (a.dh_steps) {
      const Range units = units_in(part.blocks, H);
      for (Index i = part.ranks.begin; i < part.ranks.begin + count; ++i) {
        copy_row(a.dh_steps + (batch.packed_offset[s] + i) * H + units.begin,
                 a.dstate[0] + i * padded + units.begin, units.end - units.begin);
      }
    }
    if constexpr (Cell::kStages == 2) backward_stage<Cell, 1>(a, part, s, count, scratch);
    backward_stage<Cell, 0>(a, part, s, count, scratch);
  }
}

// dL/dx for rows [begin, end) of the chunk.
template <class Cell>
void input_gradient(const BackwardArgs& a, Range range, void* block) {
  const Index I = a.shape.input_size, H = a.shape.hidden_size, padded = padded_size(I);
  Arena arena(block);
  BackwardScratch<Cell> scratch(arena, a.shape, 0, a.capacity);
  fill_zero(scratch.zeros, OutShape::kSumFloats);

  for (Index slab = range.begin; slab < range.end; slab += kSlabRows) {
    const Index count = range.end - slab < kSlabRows ? range.end - slab : kSlabRows;
    for_each_stage<Cell>([&](auto stage) {
      constexpr int S = decltype(stage)::value;
      using T = Stage<Cell, S>;
      const GateGradients<Cell, S> dgates(a);
      for (Index r = 0; r < count; ++r) scratch.rows[r] = dgates.row(slab + r);
      const Index num_segments = gate_segments<Cell, S>(dgates, H, 0, scratch.segments);
      const float* weights =
          a.packed_back + backward_offset<Cell, S>(a.shape) + T::back_floats(H, H);
      Product product = gates_times_weights<T>(H, I, weights, count, scratch.rows, scratch.segments,
                                               num_segments, scratch.spilled);
      product.target = {scratch.dx, OutShape::kSumFloats, padded};
      product.source = {S == 0 ? scratch.zeros : scratch.dx, S == 0 ? 0 : OutShape::kSumFloats,
                        S == 0 ? 0 : padded};
      sweep<OutShape>(product);
    });
    for_each_row(a, {slab, slab + count}, [&](Index n, Index s, Index i) {
      copy_row(a.dx + row_of(a.batch, s, i) * I, scratch.dx + (n - slab) * padded, I);
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
// against the gate gradients. `first_k` is where the operand's weights begin in a panel,
// `first_sum` the first of the sums that it feeds.
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

// Adds this chunk to panels [begin, end) of the packed gradient.
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
    }
    before += groups;
  });
}

}  // namespace skrnn::SKRNN_ISA
