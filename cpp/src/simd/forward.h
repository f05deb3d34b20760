// Forward through time, and a single step.
//
// At each step, and for each panel of weights, the tile multiplies [x_t, h_{t-1}] with the panel,
// and the cell's equations follow while the sums are still in the first-level cache: inference
// keeps no buffer of gates. If too few sequences are active to use a panel well, the input's share
// is computed ahead for a chunk of steps (a large product), and a step reads the recurrent weights
// only.
#pragma once

#include "simd/arena.h"
#include "simd/pack.h"
#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

// With fewer active sequences than this, the input's share is computed ahead.
constexpr Index kFewRows = kTileRows;

// Packets for each k, and sums, of the widest panel of any cell.
constexpr int kWidestPanel = 4;

// Floats of input shares computed ahead: half of a small second-level cache.
constexpr Index kAheadFloats = 32 * 1024;

// Floats saved for backward at each step.
template <class Cell>
Index saved_gates(Index H) {
  return blocks_of(H) * Cell::kSaved * kLanes;
}

// Pointers to the operands and the results of one step, for up to `rows` sequences.
struct StepRows {
  const float** x;
  const float** state_prev[kMostStates];
  const float** recurrent;  // h before the step as the recurrent weights see it
  float** state[kMostStates];
  float** saved;
  float** operand;     // [H] each, between two stages
  const float** mask;  // [H] each, the recurrent mask
  float** masked;
  bool masks = false;
  float* spare;  // what `saved` points to outside training

  // Sets the buffers by which the stages of row r exchange values: `trained` is its place in the
  // cache, or null, and `between` has room for H floats.
  template <class Cell>
  SKRNN_INLINE void set_between(Index r, float* trained, float* between, Index H) {
    saved[r] = trained;
    if constexpr (Cell::kStages == 2) {
      if (!trained) saved[r] = spare + r * saved_gates<Cell>(H);
      operand[r] = between;
    }
  }

  template <class Cell>
  static StepRows take(Arena& arena, Index rows, Index H) {
    StepRows r;
    r.x = arena.take<const float*>(rows);
    r.recurrent = arena.take<const float*>(rows);
    for (int k = 0; k < kNumStates<Cell>; ++k) {
      r.state_prev[k] = arena.take<const float*>(rows);
      r.state[k] = arena.take<float*>(rows);
    }
    r.saved = arena.take<float*>(rows);
    r.operand = arena.take<float*>(rows);
    r.mask = arena.take<const float*>(rows);
    r.masked = arena.take<float*>(rows);
    // Two stages exchange values through `saved`, in training or not.
    if constexpr (Cell::kStages == 2) r.spare = arena.take<float>(rows * saved_gates<Cell>(H));
    return r;
  }
};

// The inner dimension of one stage, cut into passes.
struct Inner {
  Segment* segments;
  Index count = 0;

  static Inner take(Arena& arena, Index I, Index H, int packets_per_k) {
    return {arena.take<Segment>(max_segments(I, packets_per_k) + max_segments(H, packets_per_k))};
  }
  void fill(Index inputs, Index hidden, int packets_per_k) {
    Index in_pass = 0;
    count = 0;
    append_segments(segments, count, in_pass, 0, 0, inputs, packets_per_k);
    append_segments(segments, count, in_pass, 1, 0, hidden, packets_per_k);
  }
};

// The context of a stage's Finish, which turns its sums into states.
struct UnitsContext {
  const StepRows* rows;
  Index hidden_size;
  const float* vectors;  // [block][vector][lane]
};

// The cell's equations for N units in lockstep: blocks b, b + db, ... of rows row, row + dr, ...,
// whose sums stand `dsums` floats apart. Only the last may be a block with fewer than kLanes units.
template <class Cell, int S, int N>
SKRNN_INLINE void finish_units(const UnitsContext& context, Index b, Index db, Index row, Index dr,
                               const float* sums, Index dsums) {
  const StepRows& rows = *context.rows;
  const Index H = context.hidden_size;
  Units<N> u;
  u.lanes = lanes_in(b + (N - 1) * db, H);
  u.saves = rows.saved[row] != nullptr;
  u.masks = rows.masks;
  for (int n = 0; n < N; ++n) {
    const Index at = (b + n * db) * kLanes, r = row + n * dr;
    u.sums[n] = sums + n * dsums;
    for (int k = 0; k < kNumStates<Cell>; ++k) {
      u.state_prev_[k][n] = rows.state_prev[k][r] + at;
      u.state_[k][n] = rows.state[k][r] + at;
    }
    if constexpr (Cell::kStages == 2) {
      u.operand_[n] = rows.operand[r] + at;
      u.recurrent_[n] = rows.recurrent[r] + at;
    }
    if constexpr (kNumVectors<Cell> > 0) u.vectors_[n] = context.vectors + at * kNumVectors<Cell>;
    if (u.masks) {
      u.mask_[n] = rows.mask[r] + at;
      u.masked_[n] = rows.masked[r] + at;
    }
    u.saved_[n] = u.saves ? rows.saved[r] + at * Cell::kSaved : nullptr;
  }
  Stage<Cell, S>::forward(u);
}

// The Finish of a stage: the cell's equations for all its complete sums.
template <class Cell, int S>
void finish_stage(const void* context, Range panels, Range rows, const float* sums) {
  using T = Stage<Cell, S>;
  constexpr Index kBlockSums = T::kSums * kLanes, kRowSums = T::Forward::kSumFloats;
  const auto& units = *static_cast<const UnitsContext*>(context);
  const Index H = units.hidden_size, blocks = blocks_of(H), first = panels.begin * T::kBlocks;
  const Index end = panels.end * T::kBlocks < blocks ? panels.end * T::kBlocks : blocks;
  Index row = rows.begin;
  for (; rows.end - row >= kLockstep; row += kLockstep, sums += kLockstep * kRowSums) {
    for (Index b = first; b < end; ++b) {
      const float* at = sums + (b - first) * kBlockSums;
      finish_units<Cell, S, kLockstep>(units, b, 0, row, 1, at, kRowSums);
    }
  }
  for (; row < rows.end; ++row, sums += kRowSums) {
    Index b = first;
    // Whole blocks in lockstep, the rest one by one.
    for (; b + kLockstep <= end && (b + kLockstep) * kLanes <= H; b += kLockstep) {
      const float* at = sums + (b - first) * kBlockSums;
      finish_units<Cell, S, kLockstep>(units, b, 1, row, 0, at, kBlockSums);
    }
    // A tile of one row ends with two whole blocks in most cells.
    if (b + 2 <= end && (b + 2) * kLanes <= H) {
      finish_units<Cell, S, 2>(units, b, 1, row, 0, sums + (b - first) * kBlockSums, kBlockSums);
      b += 2;
    }
    for (; b < end; ++b) {
      finish_units<Cell, S, 1>(units, b, 0, row, 0, sums + (b - first) * kBlockSums, 0);
    }
  }
}

// Rows of operands times the packed weights of stage S, in sums that start from the biases.
template <class Cell, int S>
Product stage_product(LayerShape shape, const float* packed, Index rows, const float* const* a0,
                      const float* const* a1, const Inner& inner, float* spilled) {
  using T = Stage<Cell, S>;
  Product product{};
  product.rows = rows;
  product.a0 = a0;
  product.a1 = a1;
  product.segments = inner.segments;
  product.num_segments = inner.count;
  product.weights = packed + forward_offset<Cell, S>(shape);
  product.panel_stride = T::panel_floats(shape);
  product.blocks = blocks_of(shape.hidden_size);
  product.source = {product.weights + T::weight_floats(shape), T::Forward::kSumFloats, 0};
  product.spilled = spilled;
  return product;
}

// One stage of one step for `count` sequences. If not null, `ahead` holds the input's share of the
// sums, and `inner` covers the recurrent operand only.
template <class Cell, int S>
void forward_stage(LayerShape shape, const float* packed, const StepRows& rows, Index count,
                   Range blocks, const Inner& inner, const Sums<float>* ahead, bool descending,
                   float* spilled) {
  using T = Stage<Cell, S>;
  const float* const* hidden = S == 0 ? rows.recurrent : const_cast<const float**>(rows.operand);
  Product product = stage_product<Cell, S>(shape, packed, count, rows.x, hidden, inner, spilled);
  if (ahead) {
    product.weights += shape.input_size * T::Forward::kStride * kLanes;
    product.source = {ahead->base, ahead->panel_stride, ahead->row_stride};
  }
  UnitsContext context{&rows, shape.hidden_size, nullptr};
  if constexpr (kNumVectors<Cell> > 0) context.vectors = packed + vectors_offset<Cell>(shape);
  product.panels = T::panels(blocks);
  product.descending = descending;
  product.finish = finish_stage<Cell, S>;
  product.context = &context;
  sweep<typename T::Forward>(product);
}

// Scratch of one thread that takes `ranks` sequences through time.
template <class Cell>
struct ForwardScratch {
  StepRows rows;
  Inner inner;
  float* spilled;
  float* zeros;  // [H]

  // The input's share of the sums for the steps before `ahead_end`, if few sequences are active:
  // for each stage [panel][row][block of the panel][sum][lane]. The current step begins at row
  // `ahead_row`.
  float* ahead;
  const float** ahead_x;  // rows of x that these sums come from
  Index ahead_room;       // rows
  Index ahead_count = 0;  // rows in use
  Index ahead_row = 0;
  Index ahead_end = 0;

  ForwardScratch(Arena& arena, LayerShape shape, Index ranks)
      : rows(StepRows::take<Cell>(arena, ranks, shape.hidden_size)),
        inner(Inner::take(arena, shape.input_size, shape.hidden_size, kWidestPanel)) {
    const Index H = shape.hidden_size;
    const Index row_floats = sums_size<Cell>(H);
    zeros = arena.take<float>(H);
    const Index at_once = ranks < kFewRows ? ranks : kFewRows - 1;
    ahead_room = kAheadFloats / row_floats > 4 * at_once ? kAheadFloats / row_floats : 4 * at_once;
    ahead = arena.take<float>(ahead_room * row_floats);
    ahead_x = arena.take<const float*>(ahead_room);
    const Index most = ranks > ahead_room ? ranks : ahead_room;
    spilled = arena.take<float>(spilled_floats(most, kWidestPanel * kLanes));
  }

  template <int S>
  Sums<float> ahead_sums(Index H) const {
    constexpr Index kSumFloats = Stage<Cell, S>::Forward::kSumFloats;
    return {ahead + sums_offset<Cell, S>(H) * ahead_count, ahead_count * kSumFloats, kSumFloats};
  }
};

template <class Cell>
std::size_t forward_scratch(LayerShape shape, Index ranks) {
  Arena arena(nullptr);
  ForwardScratch<Cell>(arena, shape, ranks);
  return arena.used();
}

// h of rank i before step s, times its mask.
inline float* masked_row(const ForwardArgs& a, Index s, Index i) {
  return a.masked + (s % 2 * a.batch_size + i) * a.shape.hidden_size;
}

// The masked states before the first step, for the units of this part.
inline void mask_initial_states(const ForwardArgs& a, const Part& part, const float* zeros) {
  const Index H = a.shape.hidden_size;
  for (Index i = part.ranks.begin; i < part.ranks.end; ++i) {
    const float* h0 = state_before(a.batch, 0, i, H, a.y, a.state0[0], zeros);
    for (Index b = part.blocks.begin; b < part.blocks.end; ++b) {
      const Index at = b * kLanes;
      const int lanes = lanes_in(b, H);
      const Packet h = load(h0 + at, lanes);
      store(masked_row(a, 0, i) + at, mul(h, load(a.recurrent_mask + i * H + at, lanes)), lanes);
    }
  }
}

// Sets `rows` to the operands and results of the sequences that are active at step s.
template <class Cell>
void set_rows(const ForwardArgs& a, Range ranks, Index s, Index count, const float* zeros,
              StepRows& rows) {
  const Index H = a.shape.hidden_size;
  const BatchView& batch = a.batch;
  for (Index r = 0; r < count; ++r) {
    const Index i = ranks.begin + r, b = batch.order[i], row = row_of(batch, s, i);
    const Index n = batch.packed_offset[s] + i;
    rows.x[r] = a.x + row * a.shape.input_size;
    rows.state[0][r] = a.y + row * H;
    rows.state_prev[0][r] = rows.recurrent[r] =
        state_before(batch, s, i, H, a.y, a.state0[0], zeros);
    if (a.recurrent_mask) {
      rows.recurrent[r] = masked_row(a, s, i);
      rows.mask[r] = a.recurrent_mask + i * H;
      rows.masked[r] = masked_row(a, s + 1, i);
    }
    for (int k = 1; k < kNumStates<Cell>; ++k) {
      // States other than h are updated in place in state_n, unless they are saved for backward.
      const Index before = s > 0 ? batch.packed_offset[s - 1] + i : 0;
      float* const in_place = a.state_n[k] + b * H;
      float* const saved = a.saved_states[k];
      rows.state[k][r] = saved ? saved + n * H : in_place;
      rows.state_prev[k][r] = saved ? saved + before * H : in_place;
      if (s == 0) rows.state_prev[k][r] = a.state0[k] ? a.state0[k] + b * H : zeros;
    }
    rows.set_between<Cell>(r, a.saved_gates ? a.saved_gates + n * saved_gates<Cell>(H) : nullptr,
                           a.operands + i * H, H);
  }
}

// Computes the input's share for as many steps from s on as there is room for.
template <class Cell>
void look_ahead(const ForwardArgs& a, const Part& part, Index s, ForwardScratch<Cell>& scratch) {
  const Range ranks = part.ranks;
  const Index I = a.shape.input_size, H = a.shape.hidden_size;
  const BatchView& batch = a.batch;
  scratch.ahead_row = scratch.ahead_count = 0;
  for (scratch.ahead_end = s; scratch.ahead_end < batch.lengths[ranks.begin]; ++scratch.ahead_end) {
    const Index running = active(batch, scratch.ahead_end, ranks);
    if (scratch.ahead_count + running > scratch.ahead_room) break;
    for (Index r = 0; r < running; ++r) {
      scratch.ahead_x[scratch.ahead_count++] =
          a.x + row_of(batch, scratch.ahead_end, ranks.begin + r) * I;
    }
  }
  for_each_stage<Cell>([&](auto stage) {
    constexpr int S = decltype(stage)::value;
    using T = Stage<Cell, S>;
    scratch.inner.fill(I, 0, T::Forward::kStride);
    Product product =
        stage_product<Cell, S>(a.shape, a.packed, scratch.ahead_count, scratch.ahead_x,
                               scratch.ahead_x, scratch.inner, scratch.spilled);
    product.panels = T::panels(part.blocks);
    product.target = scratch.template ahead_sums<S>(H);
    sweep<typename T::Forward>(product);
  });
}

// The states after each sequence's last step, for the units of this part.
template <class Cell>
void copy_last_states(const ForwardArgs& a, const Part& part, const float* zeros) {
  const Index H = a.shape.hidden_size;
  const Range units = units_in(part.blocks, H);
  const auto copy = [=](float* to, const float* from) {
    copy_row(to + units.begin, from + units.begin, units.end - units.begin);
  };
  const BatchView& batch = a.batch;
  for (Index i = part.ranks.begin; i < part.ranks.end; ++i) {
    const Index b = batch.order[i], length = batch.lengths[i];
    copy(a.state_n[0] + b * H, state_before(batch, length, i, H, a.y, a.state0[0], zeros));
    for (int k = 1; k < kNumStates<Cell>; ++k) {
      float* const last = a.state_n[k] + b * H;
      if (length == 0) {
        copy(last, a.state0[k] ? a.state0[k] + b * H : zeros);
      } else if (a.saved_states[k]) {
        copy(last, a.saved_states[k] + (batch.packed_offset[length - 1] + i) * H);
      }
    }
  }
}

// The sequences and units of one part through all steps.
template <class Cell>
void forward(const ForwardArgs& a, const Part& part, void* block) {
  const Index I = a.shape.input_size, H = a.shape.hidden_size;
  const Range ranks = part.ranks;
  Arena arena(block);
  ForwardScratch<Cell> scratch(arena, a.shape, ranks.end - ranks.begin);
  fill_zero(scratch.zeros, H);
  if (a.recurrent_mask) {
    scratch.rows.masks = true;
    mask_initial_states(a, part, scratch.zeros);
    wait_for_units(part);
  }

  for (Index s = 0; s < a.batch.lengths[ranks.begin]; ++s) {
    const Index count = active(a.batch, s, ranks);
    const bool few = count < kFewRows;
    set_rows<Cell>(a, ranks, s, count, scratch.zeros, scratch.rows);
    if (few && s >= scratch.ahead_end) look_ahead(a, part, s, scratch);
    for_each_stage<Cell>([&](auto stage) {
      constexpr int S = decltype(stage)::value;
      Sums<float> ahead = scratch.template ahead_sums<S>(H);
      ahead.base = ahead.at(0, scratch.ahead_row);
      scratch.inner.fill(few ? 0 : I, H, Stage<Cell, S>::Forward::kStride);
      forward_stage<Cell, S>(a.shape, a.packed, scratch.rows, count, part.blocks, scratch.inner,
                             few ? &ahead : nullptr, s % 2 == 1, scratch.spilled);
      wait_for_units(part);
    });
    if (few) scratch.ahead_row += count;
  }
  copy_last_states<Cell>(a, part, scratch.zeros);
}

}  // namespace skrnn::SKRNN_ISA
