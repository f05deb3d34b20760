// Backward through time, a chunk of steps at a time; dL/dW follows in weight_gradient.h.
//
// Within a chunk only the gradients of the states pass from step to step, for each sequence
// separately; the gradients of x and of the weights are large products over all rows of the chunk.
// Gate gradients are laid out so that the same memory serves as the rows of one product (dL/dh,
// dL/dx: sums over gates) and the panels of the other (dL/dW: sums over rows).
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

// Gradients of the cell's vectors of one chunk, behind those of all gates:
// [block][capacity][vector][lane].
template <class Cell>
struct VectorGradients {
  static constexpr Index kRowFloats = kNumVectors<Cell> * kLanes;
  float* base;
  Index block_stride;

  VectorGradients(const BackwardArgs& a)
      : base(a.dgates + a.capacity * sums_size<Cell>(a.shape.hidden_size)),
        block_stride(a.capacity * kRowFloats) {}

  float* row(Index n) const { return base + n * kRowFloats; }
};

// Floats of a row of BackwardArgs::dgates.
template <class Cell>
Index dgates_size(Index H) {
  return sums_size<Cell>(H) + vector_floats<Cell>(H);
}

// The gates as the inner dimension of a product: those whose sums read the input (first = 0), or
// the recurrent operand (first = kSecondOffset).
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
    // The inner dimension is the gates in the products for dL/dh and dL/dx, the rows in those for
    // dL/dW.
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

// The cell's equations at step s for this part's blocks of N of its sequences, from the r-th on.
// Sets scratch.rows to the gate gradients of these rows.
template <class Cell, int S, int N>
SKRNN_INLINE void backward_units(const BackwardArgs& a, const Part& part, Index s, Index r,
                                 const GateGradients<Cell, S>& dgates,
                                 BackwardScratch<Cell>& scratch) {
  using T = Stage<Cell, S>;
  const Index H = a.shape.hidden_size, padded = padded_size(H);
  const BatchView& batch = a.batch;
  const Index chunk_row = batch.packed_offset[s] - batch.packed_offset[a.step_begin];
  const VectorGradients<Cell> dvectors(a);
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
    if constexpr (kNumVectors<Cell> > 0) {
      first.vectors_[n] = a.packed + vectors_offset<Cell>(a.shape);
      first.dvectors_[n] = dvectors.row(chunk_row + i);
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
      if constexpr (kNumVectors<Cell> > 0) {
        u.vectors_[n] = first.vectors_[n] + at * kNumVectors<Cell>;
        u.dvectors_[n] = first.dvectors_[n] + b * dvectors.block_stride;
      }
      u.dsums[n] = first.dsums[n] + b / T::kBlocks * dgates.panel_stride() +
                   b % T::kBlocks * T::kSums * kLanes;
    }
    T::backward(u);
  }
}

// One stage of one step for the first `count` sequences of a part: the cell's equations, then the
// gradient through the recurrent weights, from all units to those of this part.
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

  // The share of dL/dh that the cell's equations pass on directly is added last: in a sum that
  // starts from it, each small product would be rounded to its magnitude.
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

}  // namespace skrnn::SKRNN_ISA
