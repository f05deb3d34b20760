// Products with a packed matrix, for layers that are not recurrent.
//
//   y[r][c] = bias[c] + sum over k < inner of x[r][k] * m[c][k]
//
// m may have any strides, so one packing serves W, its transpose, and the rows of a batch.
#pragma once

#include "simd/arena.h"
#include "simd/pack.h"

namespace skrnn::SKRNN_ISA {

inline Index matrix_panels(Index columns) { return OutShape::panels(blocks_of(columns)); }

// [panel over columns][k][block of the panel][lane], then [panel][block of the panel][lane] of
// biases.
inline Index matrix_size(Index columns, Index inner) {
  return matrix_panels(columns) * OutShape::kSumFloats * (inner + 1);
}

// Entries [begin, end) of the columns of panel p, as [k][block of the panel][lane].
inline void pack_panel(const PackArgs& a, Index p, Range inner, float* to) {
  constexpr Index kWidth = OutShape::kSumFloats;
  const Index begin = p * kWidth, length = inner.end - inner.begin;
  const float* from = a.matrix + begin * a.column_stride + inner.begin * a.inner_stride;
  const bool whole = a.columns - begin >= kWidth;
  const Index count = whole ? kWidth : a.columns - begin;
  if (!whole) fill_zero(to, length * kWidth);
  if (a.column_stride != 1) {
    transpose_matrix(from, a.column_stride, count, length, to, kWidth);
  } else if (whole) {
    for (Index k = 0; k < length; ++k) copy_row(to + k * kWidth, from + k * a.inner_stride, kWidth);
  } else {
    for (Index k = 0; k < length; ++k) copy_row(to + k * kWidth, from + k * a.inner_stride, count);
  }
}

inline void pack_bias(const PackArgs& a, Index p, float* to) {
  constexpr Index kWidth = OutShape::kSumFloats;
  const Index begin = p * kWidth, left = a.columns - begin;
  fill_zero(to, kWidth);
  if (a.bias) copy_row(to, a.bias + begin, left < kWidth ? left : kWidth);
}

inline void pack_matrix(const PackArgs& a, float* packed) {
  constexpr Index kWidth = OutShape::kSumFloats;
  const Index panels = matrix_panels(a.columns);
  float* bias = packed + panels * kWidth * a.inner;
  for (Index p = 0; p < panels; ++p) {
    pack_panel(a, p, {0, a.inner}, packed + p * kWidth * a.inner);
    pack_bias(a, p, bias + p * kWidth);
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
    float* const y = a.y + slab * a.y_stride;
    const MatrixRows to{y, a.y_stride, a.columns, a.adds};
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
    if (!a.adds && a.columns % kLanes == 0) {
      product.target = {y, OutShape::kSumFloats, a.y_stride};
    } else {
      product.finish = finish_rows;
      product.context = &to;
    }
    product.spilled = scratch.spilled;
    sweep<OutShape>(product);
  }
}

// How much of a long inner dimension is multiplied before the next part is packed: of all panels,
// so that the rows of x and of the matrix are read once. Short ones are not cut.
constexpr Index kInnerChunk = 2 * kPassPackets / OutShape::kBlocks;
constexpr Index inner_chunk(Index inner) { return inner <= 4 * kInnerChunk ? inner : kInnerChunk; }

struct UnpackedScratch {
  Segment* segments;
  const float** rows;
  float* spilled;
  float* panel;
  float* bias;
  float* sums;  // [panel][row][kSumFloats] between chunks, if there are several

  UnpackedScratch(Arena& arena, Index inner, Index num_panels, Index num_rows) {
    constexpr Index kWidth = OutShape::kSumFloats;
    const Index chunk = inner_chunk(inner);
    segments = arena.take<Segment>(max_segments(chunk, OutShape::kBlocks));
    rows = arena.take<const float*>(num_rows);
    spilled = arena.take<float>(spilled_floats(num_rows, kWidth));
    panel = arena.take<float>(chunk * kWidth);
    bias = arena.take<float>(kWidth);
    sums = arena.take<float>(chunk < inner ? num_panels * num_rows * kWidth : 0);
  }
};

inline std::size_t unpacked_scratch(Index inner, Index num_panels, Index num_rows) {
  Arena arena(nullptr);
  UnpackedScratch(arena, inner, num_panels, num_rows);
  return arena.used();
}

// Panels and rows of the product. Sums are kept between chunks as they are, so the cut does not
// change the result, and it is that of multiply_matrix.
inline void multiply_unpacked(const UnpackedArgs& a, Range panels, Range rows, void* block) {
  constexpr Index kWidth = OutShape::kSumFloats;
  const Index inner = a.matrix.inner, chunk = inner_chunk(inner), count = rows.end - rows.begin;
  Arena arena(block);
  UnpackedScratch scratch(arena, inner, panels.end - panels.begin, count);
  for (Index begin = 0; begin < inner; begin += chunk) {
    const Index end = inner - begin < chunk ? inner : begin + chunk;
    for (Index r = 0; r < count; ++r) {
      scratch.rows[r] = a.x + (rows.begin + r) * a.x_stride + begin;
    }
    Product product{};
    Index in_pass = 0;
    append_segments(scratch.segments, product.num_segments, in_pass, 0, 0, end - begin,
                    OutShape::kBlocks);
    product.rows = count;
    product.a0 = product.a1 = scratch.rows;
    product.segments = scratch.segments;
    product.weights = scratch.panel;
    product.panels = {0, 1};
    product.spilled = scratch.spilled;
    for (Index p = panels.begin; p < panels.end; ++p) {
      const Index left = a.matrix.columns - p * kWidth;
      float* const sums = scratch.sums + (p - panels.begin) * count * kWidth;
      const MatrixRows to{a.y + rows.begin * a.y_stride + p * kWidth, a.y_stride, left, false};
      pack_panel(a.matrix, p, {begin, end}, scratch.panel);
      product.blocks = blocks_of(left < kWidth ? left : kWidth);
      product.source = {sums, 0, kWidth};
      product.target = {sums, 0, kWidth};
      if (begin == 0) {
        pack_bias(a.matrix, p, scratch.bias);
        product.source = {scratch.bias, 0, 0};
      }
      product.finish = nullptr;
      if (end == inner && left % kLanes == 0) {
        product.target = {to.y, 0, a.y_stride};
      } else if (end == inner) {
        product.finish = finish_rows;
        product.context = &to;
      }
      sweep<OutShape>(product);
    }
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
