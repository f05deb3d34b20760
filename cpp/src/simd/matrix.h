// Products with a packed matrix, for layers that are not recurrent.
//
//   y[r][c] = bias[c] + sum over k < inner of x[r][k] * m[c][k]
//
// m may have any strides, so one packing serves W, its transpose, and the rows of a batch.
#pragma once

#include "simd/arena.h"
#include "simd/pack.h"

namespace skrnn::SKRNN_ISA {

// [panel over columns][k][block of the panel][lane], then [panel][block of the panel][lane] of
// biases.
inline Index matrix_size(Index columns, Index inner) {
  return OutShape::panels(blocks_of(columns)) * OutShape::kSumFloats * (inner + 1);
}

inline void pack_matrix(const PackArgs& a, float* packed) {
  constexpr Index kWidth = OutShape::kSumFloats;
  fill_zero(packed, matrix_size(a.columns, a.inner));
  float* bias = packed + OutShape::panels(blocks_of(a.columns)) * kWidth * a.inner;
  for (Index begin = 0; begin < a.columns; begin += kWidth) {
    const Index count = a.columns - begin < kWidth ? a.columns - begin : kWidth;
    const float* from = a.matrix + begin * a.column_stride;
    float* panel = packed + begin * a.inner;
    if (a.column_stride == 1) {
      for (Index k = 0; k < a.inner; ++k) {
        copy_row(panel + k * kWidth, from + k * a.inner_stride, count);
      }
    } else {
      transpose_matrix(from, a.column_stride, count, a.inner, panel, kWidth);
    }
    if (a.bias) copy_row(bias + begin, a.bias + begin, count);
  }
}

struct MatrixScratch {
  Segment* segments;
  const float** rows;
  float* spilled;

  MatrixScratch(Arena& arena, Index inner) {
    segments = arena.take<Segment>(max_segments(inner, OutShape::kBlocks));
    rows = arena.take<const float*>(kSlabRows);
    spilled = arena.take<float>(spilled_floats(kSlabRows, OutShape::kSumFloats));
  }
};

inline std::size_t matrix_scratch(Index inner) {
  Arena arena(nullptr);
  MatrixScratch(arena, inner);
  return arena.used();
}

struct MatrixRows {
  float* y;  // of the first row of the slab
  Index y_stride;
  Index columns;
  bool adds;
};

// The Finish of a product with a matrix: stores the sums, without those of padding columns.
inline void finish_rows(const void* context, Range panels, Range rows, const float* sums) {
  const auto& to = *static_cast<const MatrixRows*>(context);
  for (Index p = panels.begin; p < panels.end; ++p) {
    for (Index r = rows.begin; r < rows.end; ++r, sums += OutShape::kSumFloats) {
      const Index begin = p * OutShape::kSumFloats;
      float* y = to.y + r * to.y_stride + begin;
      for (Index at = 0; at < OutShape::kSumFloats && begin + at < to.columns; at += kLanes) {
        const int lanes = lanes_in((begin + at) / kLanes, to.columns);
        const Packet sum = load(sums + at);
        store(y + at, to.adds ? add(load(y + at, lanes), sum) : sum, lanes);
      }
    }
  }
}

// Rows [begin, end) of the product.
inline void multiply_matrix(const MatrixArgs& a, Range range, void* block) {
  Arena arena(block);
  MatrixScratch scratch(arena, a.inner);
  Index num_segments = 0, in_pass = 0;
  append_segments(scratch.segments, num_segments, in_pass, 0, 0, a.inner, OutShape::kBlocks);
  for (Index slab = range.begin; slab < range.end; slab += kSlabRows) {
    const Index count = range.end - slab < kSlabRows ? range.end - slab : kSlabRows;
    for (Index r = 0; r < count; ++r) scratch.rows[r] = a.x + (slab + r) * a.x_stride;
    const MatrixRows to{a.y + slab * a.y_stride, a.y_stride, a.columns, a.adds};
    Product product{};
    product.rows = count;
    product.a0 = product.a1 = scratch.rows;
    product.segments = scratch.segments;
    product.num_segments = num_segments;
    product.weights = a.packed;
    product.panel_stride = OutShape::kSumFloats * a.inner;
    product.blocks = blocks_of(a.columns);
    product.panels = {0, OutShape::panels(product.blocks)};
    product.source = {a.packed + product.panels.end * product.panel_stride, OutShape::kSumFloats,
                      0};
    product.finish = finish_rows;
    product.context = &to;
    product.spilled = scratch.spilled;
    sweep<OutShape>(product);
  }
}

inline void transpose_floats(const float* from, Index from_stride, Index rows, Index columns,
                             float* to, Index to_stride) {
  transpose_matrix(from, from_stride, rows, columns, to, to_stride);
}

// Sum of squares. Each lane adds up some values in float32, and the sums of lanes and chunks are
// added in float64.
inline double sum_of_squares(const float* x, Index n) {
  constexpr Index kChunk = 64 * kLanes;
  double total = 0;
  for (Index begin = 0; begin < n; begin += kChunk) {
    const Index end = n - begin < kChunk ? n : begin + kChunk;
    Packet sums = splat(0.0f);
    for (Index i = begin; i < end; i += kLanes) {
      const Packet a = load(x + i, static_cast<int>(end - i < kLanes ? end - i : kLanes));
      sums = mul_add(a, a, sums);
    }
    float lanes[kLanes];
    store(lanes, sums);
    for (float lane : lanes) total += static_cast<double>(lane);
  }
  return total;
}

}  // namespace skrnn::SKRNN_ISA
