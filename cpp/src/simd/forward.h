// Forward through time, and a single step.
//
// At each step, and for each panel of weights, the tile takes [x_t, h_{t-1}] against the panel and the
// cell's equations follow while the sums are still in the first-level cache: inference keeps no
// buffer of gates. Where too few sequences run to use a panel well, the input's share is computed
// ahead for a chunk of steps (a large product), and a step reads the recurrent weights only.
#pragma once

#include "simd/arena.h"
#include "simd/pack.h"
#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

// With fewer running sequences than this, the input's share is computed ahead.
constexpr Index kFewRows = kTileRows;

// Packets for each k, and sums, of the widest panel of any cell.
constexpr int kWidestPanel = 4;

// Floats of input shares computed ahead: half of a small second-level cache.
constexpr Index kAheadFloats = 32 * 1024;

// Floats that training saves a step.
template <class Cell>
Index saved_gates(Index H) {
  return blocks_of(H) * Cell::kSaved * kLanes;
}

// For one step of up to `rows` sequences: where each finds its operands and leaves its results.
struct StepRows {
  const float** x;
  const float** h_prev;
  const float** c_prev;
  float** h;
  float** c;
  float** saved;
  float** operand;  // [H] each, between two stages

  template <class Cell>
  static StepRows take(Arena& arena, Index rows, Index H) {
    StepRows r;
    r.x = arena.take<const float*>(rows);
    r.h_prev = arena.take<const float*>(rows);
    r.c_prev = arena.take<const float*>(rows);
    r.h = arena.take<float*>(rows);
    r.c = arena.take<float*>(rows);
    r.saved = arena.take<float*>(rows);
    r.operand = arena.take<float*>(rows);
    // Two stages talk through `saved` and `operand`, trained or not.
    float* spare = nullptr;
    float* operands = nullptr;
    if constexpr (Cell::kStages == 2) {
      spare = arena.take<float>(rows * saved_gates<Cell>(H));
      operands = arena.take<float>(rows * H);
    }
    for (Index i = 0; arena.real() && i < rows; ++i) {
      r.saved[i] = spare ? spare + i * saved_gates<Cell>(H) : nullptr;
      r.operand[i] = operands + (operands ? i * H : 0);
    }
    return r;
  }
};

// The cell's equations for `count` rows of panel p, whose sums stand in `sums`.
template <class Cell, int S>
SKRNN_INLINE void finish_units(const StepRows& rows, Index H, Index p, Index row, int count,
                               const float* sums) {
  using T = Stage<Cell, S>;
  const Index blocks = blocks_of(H), first = p * T::kBlocks;
  const Index here = blocks - first < T::kBlocks ? blocks - first : T::kBlocks;
  for (int r = 0; r < count; ++r) {
    for (Index b = first; b < first + here; ++b) {
      const Index at = b * kLanes;
      Unit u;
      u.lanes = lanes_in(b, H);
      u.h_prev = rows.h_prev[row + r] + at;
      u.h = rows.h[row + r] + at;
      if constexpr (Cell::kStates == 2) {
        u.c_prev = rows.c_prev[row + r] + at;
        u.c = rows.c[row + r] + at;
      }
      if constexpr (Cell::kStages == 2) u.operand = rows.operand[row + r] + at;
      u.saved = rows.saved[row + r] ? rows.saved[row + r] + at * Cell::kSaved : nullptr;
      T::forward(sums + (b - first) * T::kSums * kLanes, u);
    }
    sums += T::kSums * T::kBlocks * kLanes;
  }
}

// The sums of a stage that the input has given ahead of the step; none where `sums` is null.
struct Ahead {
  const float* sums;  // [panel][row][block of the panel][sum][lane]
  Index rows;
  Index first_row;  // of this step
};

// One stage of one step for `count` sequences.
template <class Cell, int S>
void forward_stage(LayerShape shape, const float* packed, const StepRows& rows, Index count,
                   const Segment* segments, Index num_segments, Ahead ahead, bool falling,
                   float* resting) {
  using T = Stage<Cell, S>;
  const Index I = shape.input_size, H = shape.hidden_size, blocks = blocks_of(H);
  const float* weights = packed + forward_offset<Cell, S>(shape);
  const float* bias = weights + T::weight_floats(shape);
  constexpr Index kPanelFloats = T::kSums * T::kBlocks * kLanes;
  constexpr int kPlaces = kTileRows > T::Forward::kPanelsForOneRow ? kTileRows
                                                                   : T::Forward::kPanelsForOneRow;
  alignas(64) float sums[kPlaces * kPanelFloats];
  sweep<typename T::Forward>(
      count, rows.x, S == 0 ? rows.h_prev : const_cast<const float**>(rows.operand), segments,
      num_segments, blocks, 0, T::groups(H), falling, resting,
      [&](Index p) {
        const Index first = p * T::kBlocks, left = blocks - first;
        const Index here = left < T::kBlocks ? left : T::kBlocks;
        return weights + (first * (I + H) + (ahead.sums ? here * I : 0)) * T::kGates * kLanes;
      },
      [&](Index p, Index row) {
        const Index first = p * T::kBlocks, left = blocks - first;
        const Index here = left < T::kBlocks ? left : T::kBlocks;
        return ahead.sums ? ahead.sums +
                                (first * ahead.rows + (ahead.first_row + row) * here) *
                                    T::kSums * kLanes
                          
                          : bias + first * T::kSums * kLanes;
      },
      [&](Index, Index, int place) { return sums + place * kPanelFloats; },
      [&](Index p, Index row, int tile_rows, int place) {
        finish_units<Cell, S>(rows, H, p, row, tile_rows, sums + place * kPanelFloats);
      });
}

// The input's share of the sums of stage S for `count` rows of x.
template <class Cell, int S>
void input_share(LayerShape shape, const float* packed, const float* const* x, Index count,
                 const Segment* segments, Index num_segments, float* sums, float* resting) {
  using T = Stage<Cell, S>;
  const Index H = shape.hidden_size, K = shape.input_size + H, blocks = blocks_of(H);
  const float* weights = packed + forward_offset<Cell, S>(shape);
  const float* bias = weights + T::weight_floats(shape);
  sweep<typename T::Forward>(
      count, x, x, segments, num_segments, blocks, 0, T::groups(H), false, resting,
      [&](Index p) { return weights + p * T::kBlocks * K * T::kGates * kLanes; },
      [&](Index p, Index) { return bias + p * T::kBlocks * T::kSums * kLanes; },
      [&](Index p, Index row, int) {
        const Index first = p * T::kBlocks, left = blocks - first;
        const Index here = left < T::kBlocks ? left : T::kBlocks;
        return sums + (first * count + row * here) * T::kSums * kLanes;
      },
      [](Index, Index, int, int) {});
}

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

// Scratch of one thread that takes `ranks` sequences through time.
template <class Cell>
struct ForwardScratch {
  StepRows rows;
  Inner fused, inputs, recurrent;
  float* resting;
  float* zeros;          // [H]
  float* ahead;          // [stage][panel][row][sums]
  const float** x_ahead; // rows of x of the chunk in `ahead`
  Index ahead_rows;



  ForwardScratch(Arena& arena, LayerShape shape, Index ranks) {
    const Index I = shape.input_size, H = shape.hidden_size;
    const Index row_floats = dgates_size<Cell>(H);  // one float a sum
    rows = StepRows::take<Cell>(arena, ranks, H);
    fused = Inner::take(arena, I, H, kWidestPanel);
    inputs = Inner::take(arena, I, H, kWidestPanel);
    recurrent = Inner::take(arena, I, H, kWidestPanel);
    zeros = arena.take<float>(H);
    const Index at_once = ranks < kFewRows ? ranks : kFewRows - 1;
    ahead_rows = kAheadFloats / row_floats > 4 * at_once ? kAheadFloats / row_floats : 4 * at_once;
    ahead = arena.take<float>(ahead_rows * row_floats);
    x_ahead = arena.take<const float*>(ahead_rows);
    const Index most = ranks > ahead_rows ? ranks : ahead_rows;
    resting = arena.take<float>((most < kSlabRows ? most : kSlabRows) * kWidestPanel * kLanes);
  }
};

template <class Cell>
std::size_t forward_scratch(LayerShape shape, Index ranks) {
  Arena arena(nullptr);
  ForwardScratch<Cell>(arena, shape, ranks);
  return arena.used();
}

// Sequences of ranks [begin, end) through all their steps.
template <class Cell>
void forward(const ForwardArgs& a, Range ranks, void* memory) {
  const Index I = a.shape.input_size, H = a.shape.hidden_size;
  const BatchView& batch = a.batch;
  Arena arena(memory);
  ForwardScratch<Cell> scratch(arena, a.shape, ranks.end - ranks.begin);
  StepRows& rows = scratch.rows;
  fill_zero(scratch.zeros, H);

  Index ahead_end = 0;  // steps before this one have the input's share
  Index ahead_row = 0, ahead_count = 0;
  const Index steps = batch.lengths[ranks.begin];
  for (Index s = 0; s < steps; ++s) {
    const Index count = active(batch, s, ranks);
    for (Index r = 0; r < count; ++r) {
      const Index i = ranks.begin + r, row = row_of(batch, s, i), n = batch.packed_offset[s] + i;
      rows.x[r] = a.x + row * I;
      rows.h[r] = a.y + row * H;
      rows.h_prev[r] = state_before(batch, s, i, H, a.y, a.h0, scratch.zeros);
      if constexpr (Cell::kStates == 2) {
        const Index b = batch.order[i];
        const float* c0 = a.c0 ? a.c0 + b * H : scratch.zeros;
        rows.c[r] = a.saved_c ? a.saved_c + n * H : a.c_n + b * H;
        const float* before = a.saved_c ? a.saved_c + (batch.packed_offset[s - (s > 0)] + i) * H
                                        : a.c_n + b * H;
        rows.c_prev[r] = s > 0 ? before : c0;
      }
      if (a.saved_gates) rows.saved[r] = a.saved_gates + n * saved_gates<Cell>(H);
    }
    const bool few = count < kFewRows;
    if (few && s >= ahead_end) {
      ahead_row = ahead_count = 0;
      for (ahead_end = s; ahead_end < steps; ++ahead_end) {
        const Index running = active(batch, ahead_end, ranks);
        if (ahead_count + running > scratch.ahead_rows) break;
        for (Index r = 0; r < running; ++r) {
          scratch.x_ahead[ahead_count++] = a.x + row_of(batch, ahead_end, ranks.begin + r) * I;
        }
      }
    }
    for_each_stage<Cell>([&](auto stage) {
      constexpr int S = decltype(stage)::value;
      using T = Stage<Cell, S>;
      constexpr int kPackets = T::kGates * T::kBlocks;
      Ahead ahead{nullptr, 0, 0};
      Inner& inner = few ? scratch.recurrent : scratch.fused;
      inner.fill(few ? 0 : I, H, kPackets);
      if (few) {
        float* sums = scratch.ahead + dgates_offset<Cell, S>(H) * ahead_count;
        if (ahead_row == 0) {
          scratch.inputs.fill(I, 0, kPackets);
          input_share<Cell, S>(a.shape, a.packed, scratch.x_ahead, ahead_count,
                               scratch.inputs.segments, scratch.inputs.count, sums, scratch.resting);
        }
        ahead = {sums, ahead_count, ahead_row};
      }
      forward_stage<Cell, S>(a.shape, a.packed, rows, count, inner.segments, inner.count, ahead,
                             s % 2 == 1, scratch.resting);
    });
    if (few) ahead_row += count;
  }

  for (Index i = ranks.begin; i < ranks.end; ++i) {
    const Index b = batch.order[i], length = batch.lengths[i];
    const float* h = state_before(batch, length, i, H, a.y, a.h0, scratch.zeros);
    copy_row(a.h_n + b * H, h, H);
    if constexpr (Cell::kStates == 2) {
      if (length == 0) {
        copy_row(a.c_n + b * H, a.c0 ? a.c0 + b * H : scratch.zeros, H);
      } else if (a.saved_c) {
        copy_row(a.c_n + b * H, a.saved_c + (batch.packed_offset[length - 1] + i) * H, H);
      }
    }
  }
}

}  // namespace skrnn::SKRNN_ISA
