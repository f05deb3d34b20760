// Packing of weights from PyTorch's layout, and unpacking of gradients into it.
//
// A cell is one or more stages. For each stage, the packed forward weights are
//   [panel][k over I, then H][block of the panel][gate][lane]   and then
//   [panel][block of the panel][sum][lane]   of biases,
// with zeros in the lanes past H and in the blocks that the last panel lacks. The vectors of the
// cell follow the last stage:
//   [block][vector][lane].
// Gradients are summed up in the same layout. The packed backward weights of a stage are two
// transposed matrices in panels of kOutBlocks blocks, for dL/dh and dL/dx:
//   [panel over H][k over (block, gate, lane)][block of the panel][lane]   and the same over I.
#pragma once

#include "simd/parameters.h"
#include "simd/rows.h"
#include "simd/sweep.h"
#include "simd/transpose.h"

namespace skrnn::SKRNN_ISA {

constexpr Index blocks_of(Index size) { return (size + kLanes - 1) / kLanes; }

// The units in [begin, end) blocks.
constexpr Range units_in(Range blocks, Index size) {
  return {blocks.begin * kLanes, blocks.end * kLanes < size ? blocks.end * kLanes : size};
}

// Lanes of block b that hold one of `size` units.
constexpr int lanes_in(Index b, Index size) {
  return static_cast<int>(size - b * kLanes < kLanes ? size - b * kLanes : kLanes);
}

// The tile for products that end in plain rows: dL/dh and dL/dx.
using OutShape = PanelShape<1, 1, 0, 4>;
static_assert(OutShape::kBlocks == kCutBlocks, "threads cut units between whole panels");

// The tile of stage S of a cell. Sums [0, G) take the input, sums [kSums - G, kSums) the recurrent
// operand.
template <class Cell, int S>
struct Stage : Cell::template Stage<S> {
  using Base = typename Cell::template Stage<S>;
  static constexpr int kGates = Base::kGates;
  static constexpr int kSums = Base::kSums;
  static constexpr int kBlocks = Base::kBlocks;
  static constexpr int kSecondOffset = kSums - kGates;
  static_assert(kCutBlocks % kBlocks == 0, "threads cut units between whole panels");
  using Forward = PanelShape<kGates, kSums, kSecondOffset, kBlocks>;

  static Index groups(Index H) { return Forward::panels(blocks_of(H)); }
  // The panels of a range of blocks that begins and ends at whole panels.
  static Range panels(Range blocks) {
    return {Forward::panels(blocks.begin), Forward::panels(blocks.end)};
  }
  static Index panel_floats(LayerShape s) {
    return (s.input_size + s.hidden_size) * kGates * kBlocks * kLanes;
  }
  static Index weight_floats(LayerShape s) { return groups(s.hidden_size) * panel_floats(s); }
  static Index sum_floats(Index H) { return groups(H) * Forward::kSumFloats; }

  // The gates as the inner dimension of the products for dL/dh and dL/dx.
  static Index back_inner(Index H) { return blocks_of(H) * kGates * kLanes; }
  static Index back_floats(Index H, Index columns) {
    return OutShape::panels(blocks_of(columns)) * OutShape::kBlocks * kLanes * back_inner(H);
  }
};

// Calls f(stage) for each stage of a cell, as integral constants 0, 1, ...
template <class Cell, class F>
SKRNN_INLINE void for_each_stage(F&& f) {
  f(std::integral_constant<int, 0>());
  if constexpr (Cell::kStages == 2) f(std::integral_constant<int, 1>());
}

// Offsets of stage S in packed forward weights (weights first, then its biases), in packed backward
// weights, and in a row of sums or of their gradients.
template <class Cell, int S>
Index forward_offset(LayerShape shape) {
  if constexpr (S == 0) {
    return 0;
  } else {
    using Before = Stage<Cell, S - 1>;
    return forward_offset<Cell, S - 1>(shape) + Before::weight_floats(shape) +
           Before::sum_floats(shape.hidden_size);
  }
}
template <class Cell, int S>
Index backward_offset(LayerShape shape) {
  if constexpr (S == 0) {
    return 0;
  } else {
    using Before = Stage<Cell, S - 1>;
    return backward_offset<Cell, S - 1>(shape) +
           Before::back_floats(shape.hidden_size, shape.hidden_size) +
           Before::back_floats(shape.hidden_size, shape.input_size);
  }
}
template <class Cell, int S>
Index sums_offset(Index H) {
  if constexpr (S == 0) {
    return 0;
  } else {
    return sums_offset<Cell, S - 1>(H) + Stage<Cell, S - 1>::sum_floats(H);
  }
}

// Floats of the cell's vectors, or of their gradients for one row.
template <class Cell>
Index vector_floats(Index H) {
  return blocks_of(H) * kNumVectors<Cell> * kLanes;
}
template <class Cell>
Index vectors_offset(LayerShape shape) {
  return forward_offset<Cell, Cell::kStages>(shape);
}
template <class Cell>
Index forward_size(LayerShape shape) {
  return vectors_offset<Cell>(shape) + vector_floats<Cell>(shape.hidden_size);
}
template <class Cell>
Index backward_size(LayerShape shape) {
  return backward_offset<Cell, Cell::kStages>(shape);
}
template <class Cell>
Index sums_size(Index H) {
  return sums_offset<Cell, Cell::kStages>(H);
}

// Floats from one k to the next in packed forward weights.
template <class T>
constexpr Index kWeightStride = T::Forward::kStride * kLanes;

// Calls f(packed index, lanes, row of weight_ih, row of weight_hh) for every block and gate of
// stage S: the I columns of `lanes` rows of weight_ih begin at that index, kWeightStride apart,
// followed by the H columns of as many rows of weight_hh.
template <class Cell, int S, class F>
SKRNN_INLINE void for_each_weight_block(LayerShape shape, F&& f) {
  using T = Stage<Cell, S>;
  const Index H = shape.hidden_size;
  for (Index b = 0; b < blocks_of(H); ++b) {
    const Index panel = forward_offset<Cell, S>(shape) + b / T::kBlocks * T::panel_floats(shape);
    for (int g = 0; g < T::kGates; ++g) {
      f(panel + (b % T::kBlocks * T::kGates + g) * kLanes, lanes_in(b, H),
        T::kInputGates[g] * H + b * kLanes, T::kHiddenGates[g] * H + b * kLanes);
    }
  }
}

// Calls f(packed index, row, takes bias_ih, takes bias_hh) for every sum of stage S.
template <class Cell, int S, class F>
SKRNN_INLINE void for_each_bias(LayerShape shape, F&& f) {
  using T = Stage<Cell, S>;
  const Index H = shape.hidden_size;
  const Index base = forward_offset<Cell, S>(shape) + T::weight_floats(shape);
  for (Index b = 0; b < blocks_of(H); ++b) {
    for (int a = 0; a < T::kSums; ++a) {
      const bool input = a < T::kGates, hidden = a >= T::kSecondOffset;
      const int gate = input ? T::kInputGates[a] : T::kHiddenGates[a - T::kSecondOffset];
      for (int lane = 0; lane < lanes_in(b, H); ++lane) {
        f((b * T::kSums + a) * kLanes + lane + base, gate * H + b * kLanes + lane, input, hidden);
      }
    }
  }
}

// Calls f(packed index, number of the vector, unit) for every unit of every vector.
template <class Cell, class F>
SKRNN_INLINE void for_each_vector_unit(LayerShape shape, F&& f) {
  constexpr int kVectors = kNumVectors<Cell>;
  for (Index unit = 0; unit < shape.hidden_size; ++unit) {
    for (int v = 0; v < kVectors; ++v) {
      f(vectors_offset<Cell>(shape) + (unit / kLanes * kVectors + v) * kLanes + unit % kLanes, v,
        unit);
    }
  }
}

template <class Cell>
void pack_forward(LayerShape shape, const float* const* from, float* packed) {
  const Index I = shape.input_size, H = shape.hidden_size;
  fill_zero(packed, forward_size<Cell>(shape));
  for_each_stage<Cell>([&](auto stage) {
    constexpr int S = decltype(stage)::value;
    constexpr Index kStride = kWeightStride<Stage<Cell, S>>;
    for_each_weight_block<Cell, S>(shape, [&](Index to, int lanes, Index ih, Index hh) {
      transpose_matrix(from[kWeightIh] + ih * I, I, lanes, I, packed + to, kStride);
      transpose_matrix(from[kWeightHh] + hh * H, H, lanes, H, packed + to + I * kStride, kStride);
    });
    for_each_bias<Cell, S>(shape, [&](Index to, Index row, bool input, bool hidden) {
      packed[to] = (input && from[kBiasIh] ? from[kBiasIh][row] : 0.0f) +
                   (hidden && from[kBiasHh] ? from[kBiasHh][row] : 0.0f);
    });
  });
  for_each_vector_unit<Cell>(shape, [&](Index to, int vector, Index unit) {
    const float* numbers = from[kSharedParameters + vector];
    if (numbers) packed[to] = numbers[unit];
  });
}

template <class Cell>
void unpack_gradient(LayerShape shape, const float* packed, float* const* to) {
  const Index I = shape.input_size, H = shape.hidden_size;
  for_each_stage<Cell>([&](auto stage) {
    constexpr int S = decltype(stage)::value;
    constexpr Index kStride = kWeightStride<Stage<Cell, S>>;
    for_each_weight_block<Cell, S>(shape, [&](Index at, int lanes, Index ih, Index hh) {
      const float* input = packed + at;
      if (to[kWeightIh]) transpose_matrix(input, kStride, I, lanes, to[kWeightIh] + ih * I, I);
      if (to[kWeightHh]) {
        transpose_matrix(input + I * kStride, kStride, H, lanes, to[kWeightHh] + hh * H, H);
      }
    });
    for_each_bias<Cell, S>(shape, [&](Index at, Index row, bool input, bool hidden) {
      if (input && to[kBiasIh]) to[kBiasIh][row] = packed[at];
      if (hidden && to[kBiasHh]) to[kBiasHh][row] = packed[at];
    });
  });
  for_each_vector_unit<Cell>(shape, [&](Index at, int vector, Index unit) {
    float* numbers = to[kSharedParameters + vector];
    if (numbers) numbers[unit] = packed[at];
  });
}

// One transposed matrix: [panel over columns][k over (block, gate, lane)][block of the
// panel][lane].
template <class T>
void pack_transposed(Index H, Index columns, const int* gates, const float* weights,
                     float* packed) {
  constexpr Index kWidth = OutShape::kBlocks * kLanes;
  for (Index begin = 0; begin < columns; begin += kWidth) {
    const Index count = columns - begin < kWidth ? columns - begin : kWidth;
    float* panel = packed + begin * T::back_inner(H);
    for (Index unit = 0; unit < H; ++unit) {
      for (int g = 0; g < T::kGates; ++g) {
        const Index k = (unit / kLanes * T::kGates + g) * kLanes + unit % kLanes;
        copy_row(panel + k * kWidth, weights + (gates[g] * H + unit) * columns + begin, count);
      }
    }
  }
}

template <class Cell>
void pack_backward(LayerShape shape, const float* const* from, float* packed) {
  const Index I = shape.input_size, H = shape.hidden_size;
  fill_zero(packed, backward_size<Cell>(shape));
  for_each_stage<Cell>([&](auto stage) {
    using T = Stage<Cell, decltype(stage)::value>;
    float* hidden = packed + backward_offset<Cell, decltype(stage)::value>(shape);
    float* input = hidden + T::back_floats(H, H);
    pack_transposed<T>(H, H, T::kHiddenGates, from[kWeightHh], hidden);
    pack_transposed<T>(H, I, T::kInputGates, from[kWeightIh], input);
  });
}

}  // namespace skrnn::SKRNN_ISA
