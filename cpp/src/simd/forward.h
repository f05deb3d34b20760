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

// What the sums of a stage become: the arguments of its Finish.
struct UnitsContext {
  const StepRows* rows;
  Index hidden_size;
};

// The cell's equations for `count` rows of panel p.
template <class Cell, int S>
void finish_units(const void* context, Index p, Index row, int count, const float* sums) {
  using T = Stage<Cell, S>;
  const auto& [rows, H] = *static_cast<const UnitsContext*>(context);
  const Index first = p * T::kBlocks, left = blocks_of(H) - first;
  const Index here = left < T::kBlocks ? left : T::kBlocks;
  for (int r = 0; r < count; ++r) {
    for (Index b = first; b < first + here; ++b) {
      const Index at = b * kLanes;
      Unit u;
      u.lanes = lanes_in(b, H);
      u.h_prev = rows->h_prev[row + r] + at;
      u.h = rows->h[row + r] + at;
      if constexpr (Cell::kStates == 2) {
        u.c_prev = rows->c_prev[row + r] + at;
        u.c = rows->c[row + r] + at;
      }
      if constexpr (Cell::kStages == 2) u.operand = rows->operand[row + r] + at;
      u.saved = rows->saved[row + r] ? rows->saved[row + r] + at * Cell::kSaved : nullptr;
      T::forward(sums + (b - first) * T::kSums * kLanes, u);
    }
    sums += T::Forward::kSumFloats;
  }
}

// Sums of a stage for each row of some steps: [panel][row][block of the panel][sum][lane].
template <class T>
Sums<float> share_sums(float* base, Index rows) {
  return {base, rows * T::Forward::kSumFloats, T::Forward::kSumFloats};
}

// Rows of operands against the packed weights of stage S, from the biases on.
template <class Cell, int S>
Product stage_product(LayerShape shape, const float* packed, Index rows, const float* const* a0,
                      const float* const* a1, const Inner& inner, float* resting) {
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
  product.panels = {0, T::groups(shape.hidden_size)};
  product.source = {product.weights + T::weight_floats(shape), T::Forward::kSumFloats, 0};
  product.resting = resting;
  return product;
}

// One stage of one step for `count` sequences. Where `ahead` is given, it holds the sums that the
// input has contributed already, and `inner` names the recurrent operand only.
template <class Cell, int S>
void forward_stage(LayerShape shape, const float* packed, const StepRows& rows, Index count,
                   const Inner& inner, const Sums<float>* ahead, bool falling, float* resting) {
  using T = Stage<Cell, S>;
  const float* const* hidden = S == 0 ? rows.h_prev : const_cast<const float**>(rows.operand);
  Product product = stage_product<Cell, S>(shape, packed, count, rows.x, hidden, inner, resting);
  if (ahead) {
    product.weights += shape.input_size * T::Forward::kStride * kLanes;
    product.source = {ahead->base, ahead->panel_stride, ahead->row_stride};
  }
  const UnitsContext context{&rows, shape.hidden_size};
  product.falling = falling;
  product.finish = finish_units<Cell, S>;
  product.context = &context;
  sweep<typename T::Forward>(product);
}

// Scratch of one thread that takes `ranks` sequences through time.
template <class Cell>
struct ForwardScratch {
  StepRows rows;
  Inner inner;
  float* resting;
  float* zeros;          // [H]
  float* ahead;          // [stage][panel][row][sums]
  const float** x_ahead; // rows of x of the chunk in `ahead`
  Index ahead_rows;



  ForwardScratch(Arena& arena, LayerShape shape, Index ranks) {
    const Index I = shape.input_size, H = shape.hidden_size;
    const Index row_floats = sums_size<Cell>(H);
    rows = StepRows::take<Cell>(arena, ranks, H);
    inner = Inner::take(arena, I, H, kWidestPanel);
    zeros = arena.take<float>(H);
    const Index at_once = ranks < kFewRows ? ranks : kFewRows - 1;
    ahead_rows = kAheadFloats / row_floats > 4 * at_once ? kAheadFloats / row_floats : 4 * at_once;
    ahead = arena.take<float>(ahead_rows * row_floats);
    x_ahead = arena.take<const float*>(ahead_rows);
    const Index most = ranks > ahead_rows ? ranks : ahead_rows;
    resting = arena.take<float>(resting_floats(most, kWidestPanel * kLanes));
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
      Inner& inner = scratch.inner;
      if (!few) {
        inner.fill(I, H, T::Forward::kStride);
        forward_stage<Cell, S>(a.shape, a.packed, rows, count, inner, nullptr, s % 2 == 1,
                               scratch.resting);
        return;
      }
      const float* const* x = scratch.x_ahead;
      Sums<float> ahead =
          share_sums<T>(scratch.ahead + sums_offset<Cell, S>(H) * ahead_count, ahead_count);
      if (ahead_row == 0) {
        inner.fill(I, 0, T::Forward::kStride);
        Product product =
            stage_product<Cell, S>(a.shape, a.packed, ahead_count, x, x, inner, scratch.resting);
        product.target = ahead;
        sweep<typename T::Forward>(product);
      }
      inner.fill(0, H, T::Forward::kStride);
      ahead.base = ahead.at(0, ahead_row);
      forward_stage<Cell, S>(a.shape, a.packed, rows, count, inner, &ahead, s % 2 == 1,
                             scratch.resting);
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
