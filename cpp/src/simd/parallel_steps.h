// Steps in parallel: M steps of each of B sequences, all from the same states of that sequence.
//
//   sums of row b * M + m  =  (W_ih x_m + biases)  +  W_hh h_b
//
// Both shares are products of few rows, of the inputs and of the sequences. A row has only their
// addition and the cell's equations to itself. Backward takes the equations once more, so that
// nothing of all rows is saved but h, and adds up the gradients of sums over the rows that share
// them before any product.
#pragma once

#include "simd/matrix.h"
#include "simd/weight_gradient.h"

namespace skrnn::SKRNN_ISA {

// ---- The shares of one operand ----

// Where one operand's share is in the packed weights and in the sums.
template <class Cell>
struct OperandPlace {
  using T = Stage<Cell, 0>;
  Index width;    // I or H
  Index first_k;  // its first row in a panel of weights
  int first_sum;  // the first sum that reads it
  Index back;     // offset in the backward weights

  explicit OperandPlace(const OperandArgs& a) {
    const Index I = a.shape.input_size, H = a.shape.hidden_size;
    width = a.is_state ? H : I;
    first_k = a.is_state ? I : 0;
    first_sum = a.is_state ? T::kSecondOffset : 0;
    back = backward_offset<Cell, 0>(a.shape) + (a.is_state ? 0 : T::back_floats(H, H));
  }
};

template <class Cell>
struct OperandScratch {
  Inner inner;
  BackwardScratch<Cell> backward;

  OperandScratch(Arena& arena, LayerShape shape, Index rows)
      : inner(Inner::take(arena, shape.input_size, shape.hidden_size, kWidestPanel)),
        backward(arena, shape, 0, rows) {}
};

template <class Cell>
std::size_t operand_scratch(LayerShape shape, Index rows) {
  Arena arena(nullptr);
  OperandScratch<Cell>(arena, shape, rows);
  return arena.used();
}

template <class Cell>
void operand_sums(const OperandArgs& a, Range panels, void* block) {
  using T = Stage<Cell, 0>;
  using Forward = typename T::Forward;
  const OperandPlace<Cell> place(a);
  Arena arena(block);
  OperandScratch<Cell> scratch(arena, a.shape, a.rows);
  const float** const rows = scratch.backward.rows;
  for (Index r = 0; r < a.rows; ++r) rows[r] = a.values + r * place.width;
  scratch.inner.fill(a.is_state ? 0 : place.width, a.is_state ? place.width : 0, Forward::kStride);
  Product product = stage_product<Cell, 0>(a.shape, a.packed, a.rows, rows, rows, scratch.inner,
                                           scratch.backward.spilled);
  product.weights += place.first_k * Forward::kStride * kLanes;
  float zeros[Forward::kSumFloats] = {};
  if (a.is_state) product.source = {zeros, 0, 0};
  product.panels = panels;
  product.target = {a.sums, a.capacity * Forward::kSumFloats, Forward::kSumFloats};
  sweep<Forward>(product);
}

// The gradients of an operand's sums as those of the gates in a chunk.
inline BackwardArgs gates_of(const OperandArgs& a) {
  BackwardArgs gates{};
  gates.shape = a.shape;
  gates.capacity = a.capacity;
  gates.chunk_rows = a.rows;
  gates.dgates = a.dsums;
  gates.column_stride = a.column_stride;
  gates.gradient = a.gradient;
  return gates;
}

template <class Cell>
void operand_gradient(const OperandArgs& a, Range range, void* block) {
  using T = Stage<Cell, 0>;
  const OperandPlace<Cell> place(a);
  const Index H = a.shape.hidden_size;
  Arena arena(block);
  BackwardScratch<Cell> scratch = OperandScratch<Cell>(arena, a.shape, a.rows).backward;
  const GateGradients<Cell, 0> dgates(gates_of(a));
  const Index segments = gate_segments<Cell, 0>(dgates, H, place.first_sum, scratch.segments);
  const float zeros[OutShape::kSumFloats] = {};
  for (Index slab = range.begin; slab < range.end; slab += kSlabRows) {
    const Index count = range.end - slab < kSlabRows ? range.end - slab : kSlabRows;
    for (Index r = 0; r < count; ++r) scratch.rows[r] = dgates.row(slab + r);
    Product product =
        gates_times_weights<T>(H, place.width, a.packed_back + place.back, count, scratch.rows,
                               scratch.segments, segments, scratch.spilled);
    const MatrixRows to{a.dvalues + slab * place.width, place.width, place.width,
                        a.is_state && Cell::kPassesDh};
    product.source = {zeros, 0, 0};
    product.finish = finish_rows;
    product.context = &to;
    sweep<OutShape>(product);
  }
}

template <class Cell>
void operand_weight_gradient(const OperandArgs& a, Range panels, void* block) {
  const OperandPlace<Cell> place(a);
  Arena arena(block);
  BackwardScratch<Cell> scratch = OperandScratch<Cell>(arena, a.shape, a.rows).backward;
  const BackwardArgs gates = gates_of(a);
  add_weight_gradient<Cell, 0>(gates, panels, a.transposed, place.width, place.first_k,
                               place.first_sum, scratch);
  // The inputs' rows have all sums, also those that read the state alone.
  if (!a.is_state) add_bias_gradient<Cell, 0>(gates, panels);
}

// ---- The rows ----

// Floats of the inputs' sums, or of their gradients, that are used at once: they stay in the
// first-level cache while the sequences pass.
constexpr Index kInputFloats = 4 * 1024;

// Calls f(count, b, m, block) for `count` rows of sequence b from step m on, at a block of
// `panels`.
template <class Cell, class F>
SKRNN_INLINE void for_each_row_block(const ParallelArgs& a, Range panels, F&& f) {
  using T = Stage<Cell, 0>;
  const Index blocks = blocks_of(a.shape.hidden_size);
  const Index last = panels.end * T::kBlocks < blocks ? panels.end * T::kBlocks : blocks;
  const Index fit = kInputFloats / (a.steps * T::kSums * kLanes);
  const Index at_once = fit > 4 ? fit : 4;
  for (Index first = panels.begin * T::kBlocks; first < last; first += at_once) {
    const Index end = first + at_once < last ? first + at_once : last;
    for (Index b = a.sequences.begin; b < a.sequences.end; ++b) {
      for_each_tile<kLockstep>(a.steps, [&](auto tile, Index m) {
        for (Index block = first; block < end; ++block) f(tile, b, m, block);
      });
    }
  }
}

// The places of N rows, from (b, m) on, at one block.
template <class Cell>
struct RowPlace {
  using T = Stage<Cell, 0>;
  static constexpr Index kRowFloats = T::Forward::kSumFloats;
  Index state, row;            // of H columns: b and the first row, at the block
  Index input_sum, state_sum;  // of rows of sums: the first input and b, at the block

  RowPlace(const ParallelArgs& a, Index b, Index m, Index block) {
    const Index H = a.shape.hidden_size, panel = block / T::kBlocks;
    const Index within = block % T::kBlocks * T::kSums * kLanes;
    const Index input = a.shared ? m : (b - a.sequences.begin) * a.steps + m;
    state = b * H + block * kLanes;
    row = (b * a.steps + m) * H + block * kLanes;
    input_sum = (panel * a.input_capacity + input) * kRowFloats + within;
    state_sum = (panel * a.state_capacity + b) * kRowFloats + within;
  }
};

// What the equations of N rows read and write at one block. States are whole packets.
template <class Cell, int N>
struct RowMemory {
  static constexpr int kSums = Stage<Cell, 0>::kSums;
  alignas(64) float sums[N][kSums][kLanes];
  float states[kNumStates<Cell>][N][kLanes];
};

// The equations of N rows. Their results go to `memory`; h goes to `h` if it is not null, and with
// `saved` [N] values for backward are saved.
template <class Cell, int N>
SKRNN_INLINE void step_rows(const ParallelArgs& a, const RowPlace<Cell>& place, Index block,
                            RowMemory<Cell, N>& memory, float* h, float* const* saved) {
  using T = Stage<Cell, 0>;
  const Index H = a.shape.hidden_size;
  Units<N> u;
  u.lanes = lanes_in(block, H);
  u.saves = saved != nullptr;
  u.masks = false;
  for (int n = 0; n < N; ++n) {
    const float* input = a.input_sums + place.input_sum + n * RowPlace<Cell>::kRowFloats;
    const float* state = a.state_sums + place.state_sum;
    for (int s = 0; s < T::kSums; ++s) {
      store(memory.sums[n][s], add(load(input + s * kLanes), load(state + s * kLanes)));
    }
    u.sums[n] = memory.sums[n][0];
    for (int k = 0; k < kNumStates<Cell>; ++k) {
      u.state_prev_[k][n] = a.state0[k] + place.state;
      u.state_[k][n] = memory.states[k][n];
    }
    if (h) u.state_[0][n] = h + n * H;
    if constexpr (kNumVectors<Cell> > 0) {
      u.vectors_[n] = a.packed + vectors_offset<Cell>(a.shape) + block * kNumVectors<Cell> * kLanes;
    }
    u.saved_[n] = saved ? saved[n] : nullptr;
  }
  T::forward(u);
}

template <class Cell>
void parallel_forward(const ParallelArgs& a, Range panels) {
  for_each_row_block<Cell>(a, panels, [&](auto tile, Index b, Index m, Index block) {
    const RowPlace<Cell> place(a, b, m, block);
    RowMemory<Cell, decltype(tile)::value> memory;
    step_rows(a, place, block, memory, a.y + place.row, nullptr);
  });
}

// Adds N packets in their order to those in memory, or sets these.
template <int N>
SKRNN_INLINE void add_up(float* to, bool sets, const float* const (&from)[N], int lanes) {
  Packet sum = sets ? load(from[0]) : add(load(to, lanes), load(from[0]));
  for (int n = 1; n < N; ++n) sum = add(sum, load(from[n]));
  store(to, sum, lanes);
}

template <class Cell, int N>
SKRNN_INLINE void backward_rows(const ParallelArgs& a, Index b, Index m, Index block) {
  using T = Stage<Cell, 0>;
  constexpr int kStates = kNumStates<Cell>, kVectors = kNumVectors<Cell>;
  constexpr Index kRowFloats = RowPlace<Cell>::kRowFloats;
  const Index H = a.shape.hidden_size;
  const RowPlace<Cell> place(a, b, m, block);
  RowMemory<Cell, N> memory;
  alignas(64) float saved[N][(Cell::kSaved + 1) * kLanes];  // with room for a cell that saves none
  alignas(64) float dsums[N][T::kSums][kLanes], dstates[kStates][N][kLanes];
  alignas(64) float dvectors[N][kVectors + 1][kLanes];
  float* of_rows[N];
  for (int n = 0; n < N; ++n) of_rows[n] = saved[n];
  step_rows(a, place, block, memory, nullptr, of_rows);

  UnitGradients<N> u;
  u.lanes = lanes_in(block, H);
  for (int n = 0; n < N; ++n) {
    for (int k = 0; k < kStates; ++k) {
      u.state_prev_[k][n] = a.state0[k] + place.state;
      u.state_[k][n] = memory.states[k][n];
      u.dstate_[k][n] = dstates[k][n];
      store(dstates[k][n], k == 0 ? load(a.dy + place.row + n * H, u.lanes) : splat(0.0f));
    }
    u.saved_[n] = saved[n];
    u.dsums[n] = dsums[n][0];
    if constexpr (kVectors > 0) {
      u.vectors_[n] = a.packed + vectors_offset<Cell>(a.shape) + block * kVectors * kLanes;
      u.dvectors_[n] = dvectors[n][0];
    }
  }
  T::backward(u);

  const float* terms[N];
  for (int s = 0; s < T::kSums; ++s) {
    for (int n = 0; n < N; ++n) {
      terms[n] = dsums[n][s];
      float* to = a.dinput_sums + place.input_sum + n * kRowFloats + s * kLanes;
      const Packet own = load(terms[n]);
      store(to, a.shared && b > 0 ? add(load(to), own) : own);
    }
    add_up<N>(a.dstate_sums + place.state_sum + s * kLanes, m == 0, terms, kLanes);
  }
  for (int k = Cell::kPassesDh ? 0 : 1; k < kStates; ++k) {
    for (int n = 0; n < N; ++n) terms[n] = dstates[k][n];
    add_up<N>(a.dstate0[k] + place.state, m == 0, terms, u.lanes);
  }
  for (int v = 0; v < kVectors; ++v) {
    for (int n = 0; n < N; ++n) terms[n] = dvectors[n][v];
    float* gradient = a.gradient + vectors_offset<Cell>(a.shape);
    add_up<N>(gradient + (block * kVectors + v) * kLanes, false, terms, kLanes);
  }
}

template <class Cell>
void parallel_backward(const ParallelArgs& a, Range panels) {
  for_each_row_block<Cell>(a, panels, [&](auto tile, Index b, Index m, Index block) {
    backward_rows<Cell, decltype(tile)::value>(a, b, m, block);
  });
}

template <class Cell>
constexpr ParallelKernels parallel_kernels() {
  if constexpr (Cell::kStages == 1) {
    return {sums_size<Cell>,
            operand_scratch<Cell>,
            operand_sums<Cell>,
            parallel_forward<Cell>,
            parallel_backward<Cell>,
            operand_gradient<Cell>,
            operand_weight_gradient<Cell>};
  } else {
    return {};
  }
}

}  // namespace skrnn::SKRNN_ISA
