// One step for a few sequences: no threads, no allocation, the same sums in the same order as
// forward.
#pragma once

#include "simd/forward.h"

namespace skrnn::SKRNN_ISA {

// Sequences that are computed in one pass over the weights.
constexpr Index kStepRows = 48;

template <class Cell>
struct StepScratch {
  StepRows rows;
  Inner inner;
  float* spilled;
  float* zeros;     // [H]
  float* operands;  // [kStepRows, H], between two stages

  StepScratch(Arena& arena, LayerShape shape)
      : rows(StepRows::take<Cell>(arena, kStepRows, shape.hidden_size)),
        inner(Inner::take(arena, shape.input_size, shape.hidden_size, kWidestPanel)) {
    spilled = arena.take<float>(spilled_floats(kStepRows, kWidestPanel * kLanes));
    zeros = arena.take<float>(shape.hidden_size);
    operands = arena.take<float>(Cell::kStages == 2 ? kStepRows * shape.hidden_size : 0);
  }
};

template <class Cell>
std::size_t step_scratch(LayerShape shape) {
  Arena arena(nullptr);
  StepScratch<Cell>(arena, shape);
  return arena.used();
}

template <class Cell>
void step(const StepArgs& a, void* block) {
  const Index I = a.shape.input_size, H = a.shape.hidden_size;
  Arena arena(block);
  StepScratch<Cell> scratch(arena, a.shape);
  bool reads_zeros = !a.state;
  for (int k = 0; k < kNumStates<Cell>; ++k) reads_zeros = reads_zeros || !a.state[k];
  if (reads_zeros) fill_zero(scratch.zeros, H);
  for (Index begin = 0; begin < a.batch; begin += kStepRows) {
    const Index count = a.batch - begin < kStepRows ? a.batch - begin : kStepRows;
    StepRows& rows = scratch.rows;
    for (Index r = 0; r < count; ++r) {
      const Index b = begin + r;
      rows.x[r] = a.x + b * I;
      for (int k = 0; k < kNumStates<Cell>; ++k) {
        rows.state_prev[k][r] = a.state && a.state[k] ? a.state[k] + b * H : scratch.zeros;
        rows.state[k][r] = a.out[k] + b * H;
      }
      rows.recurrent[r] = rows.state_prev[0][r];
      rows.set_between<Cell>(r, nullptr, scratch.operands + r * H, H);
    }
    for_each_stage<Cell>([&](auto stage) {
      constexpr int S = decltype(stage)::value;
      using T = Stage<Cell, S>;
      scratch.inner.fill(I, H, T::Forward::kStride);
      forward_stage<Cell, S>(a.shape, a.packed, rows, count, {0, blocks_of(H)}, scratch.inner,
                             nullptr, a.descending, scratch.spilled);
    });
  }
}

}  // namespace skrnn::SKRNN_ISA
