// A matrix product as a sweep of the register tile over rows and packed panels.
//
//   target[panel][row] = source[panel][row] + sum over k of a[row][k] * weights[panel][k]
//
// The inner dimension is a list of segments, each a run of consecutive floats in the rows of one of
// two operands: a recurrent step reads x_t and then h_{t-1} against one stream of weights. Long
// inner dimensions are cut into passes, so that the part of a panel in use stays in the first-level
// cache. Between passes the partial sums are spilled to memory without rounding, so the cut does
// not change the result.
#pragma once

#include "layer/kernel_table.h"
#include "simd/tile.h"

namespace skrnn::SKRNN_ISA {

struct Segment {
  int operand;  // 0 or 1
  Index offset;
  Index length;
  bool ends_pass;
};

// Packets of a panel that are used in one pass and stay in the first-level cache.
constexpr Index kPassPackets = 24 * 1024 / (kLanes * 4);

// Rows that one pass over a panel handles; bounds the partial sums spilled to memory.
constexpr Index kSlabRows = 96;

// The shape of a panel in a sweep. A block is kLanes units (or columns), a panel kBlocks blocks;
// the last panel has room for as many, but only the blocks that exist are read or computed.
template <int kGates_, int kSums_, int kSecondOffset_, int kBlocks_,
          int kStride_ = kGates_ * kBlocks_>
struct PanelShape {
  static constexpr int kGates = kGates_;                // packets of weights a block has for each k
  static constexpr int kSums = kSums_;                  // accumulators of a block
  static constexpr int kSecondOffset = kSecondOffset_;  // accumulator where operand 1 begins
  static constexpr int kBlocks = kBlocks_;
  static constexpr int kStride = kStride_;  // packets from one k to the next
  static_assert(kBlocks == 1 || (kGates == kSums && kSecondOffset == 0), "a tile is contiguous");

  static constexpr Index kSumFloats = kSums * kBlocks * kLanes;  // of a row of a panel
  static constexpr Index panels(Index blocks) { return (blocks + kBlocks - 1) / kBlocks; }

  // Panels in one tile of a single row, if there are enough: as many sums as a tile of full height.
  static constexpr int kPanelsForOneRow = kTileRows * 4 / (kSums * kBlocks);
};

// Appends [begin, end) of `operand`, ending a pass wherever it is full. `in_pass` counts the k of
// the current pass.
inline void append_segments(Segment* segments, Index& count, Index& in_pass, int operand,
                            Index begin, Index end, int packets_per_k) {
  const Index most = kPassPackets / packets_per_k;
  while (begin < end) {
    Index length = most - in_pass;
    // A short remainder is not worth a pass of its own.
    if (end - begin <= length + most / 4) length = end - begin;
    const bool full = in_pass + length >= most;
    segments[count++] = {operand, begin, length, full};
    in_pass = full ? 0 : in_pass + length;
    begin += length;
  }
}

// Upper bound on what append_segments adds for one operand.
inline Index max_segments(Index length, int packets_per_k) {
  return length / (kPassPackets / packets_per_k) + 2;
}

// Rows of sums: kSumFloats for each row of each panel.
template <class Float>
struct Sums {
  Float* base;
  Index panel_stride;
  Index row_stride;

  Float* at(Index panel, Index row) const { return base + panel * panel_stride + row * row_stride; }
};

// Called when the sums of some rows and panels are complete: either several rows of one panel, or
// several panels for one row. `sums` has kSumFloats for each.
using Finish = void (*)(const void* context, Range panels, Range rows, const float* sums);

struct Product {
  Index rows;
  const float* const* a0;  // [rows]: the beginning of each row of operand 0
  const float* const* a1;  // and of operand 1
  const Segment* segments;
  Index num_segments;
  const float* weights;  // [panel][k][packet][lane]
  Index panel_stride;
  Index blocks;     // of all panels together
  Range panels;     // those to compute
  bool descending;  // last panel first
  Sums<const float> source;
  Sums<float> target;  // without `finish`
  Finish finish;       // or null
  const void* context;
  float* spilled;  // [spilled_floats(rows)] partial sums between passes
};

constexpr Index spilled_floats(Index rows, Index sum_floats) {
  return (rows < kSlabRows ? rows : kSlabRows) * sum_floats;
}

// R rows against P panels of kBlocks blocks for the segments of one pass. The sums of panel q and
// row r stand q * panel_stride + r * row_stride behind the first.
template <class Shape, int kBlocks, int R, int P>
void run_tile(const float* const* a0, const float* const* a1, const Segment* segment,
              const Segment* end, const float* w, Index panel_stride, Sums<const float> source,
              Sums<float> target) {
  constexpr int kSums = Shape::kSums * kBlocks;
  constexpr int kPackets = Shape::kGates * kBlocks;
  Packet acc[P][R][kSums];
  SKRNN_UNROLL(8)
  for (int q = 0; q < P; ++q) {
    SKRNN_UNROLL(8)
    for (int r = 0; r < R; ++r) {
      SKRNN_UNROLL(8)
      for (int j = 0; j < kSums; ++j) acc[q][r][j] = load(source.at(q, r) + j * kLanes);
    }
  }
  for (; segment != end; ++segment) {
    const float* const* rows = segment->operand == 0 ? a0 : a1;
    const float* a[R];
    for (int r = 0; r < R; ++r) a[r] = rows[r] + segment->offset;
    if (Shape::kSecondOffset == 0 || segment->operand == 0) {
      multiply_accumulate<kPackets, Shape::kStride, 0>(acc, a, w, panel_stride, segment->length);
    } else {
      multiply_accumulate<kPackets, Shape::kStride, Shape::kSecondOffset>(acc, a, w, panel_stride,
                                                                          segment->length);
    }
    w += segment->length * Shape::kStride * kLanes;
  }
  SKRNN_UNROLL(8)
  for (int q = 0; q < P; ++q) {
    SKRNN_UNROLL(8)
    for (int r = 0; r < R; ++r) {
      SKRNN_UNROLL(8)
      for (int j = 0; j < kSums; ++j) store(target.at(q, r) + j * kLanes, acc[q][r][j]);
    }
  }
}

// All rows against panel p, which has kBlocks blocks.
template <class Shape, int kBlocks>
void sweep_panel(const Product& product, Index p) {
  constexpr Index kSumFloats = Shape::kSumFloats;
  // A narrow tile, of a last panel, needs more rows to hide the latency of the multiplier.
  constexpr int kRows = Shape::kSums * kBlocks <= 2 ? 6 : kTileRows;
  alignas(64) float finished[kRows * kSumFloats];
  const Segment* const all_end = product.segments + product.num_segments;
  for (Index slab = 0; slab < product.rows; slab += kSlabRows) {
    const Index left = product.rows - slab;
    const float* w = product.weights + p * product.panel_stride;
    for (const Segment *begin = product.segments, *end; begin != all_end; begin = end) {
      Index length = 0;
      for (end = begin; end != all_end && (end == begin || !end[-1].ends_pass); ++end) {
        length += end->length;
      }
      const bool starts = begin == product.segments, ends = end == all_end;
      for_each_tile<kRows>(left < kSlabRows ? left : kSlabRows, [&](auto tile, Index tile_row) {
        constexpr int R = decltype(tile)::value;
        const Index row = slab + tile_row;
        Sums<float> spilled{product.spilled + tile_row * kSumFloats, 0, kSumFloats};
        Sums<const float> source{spilled.base, 0, kSumFloats};
        if (starts) source = {product.source.at(p, row), 0, product.source.row_stride};
        Sums<float> target = spilled;
        if (ends && product.finish) target.base = finished;
        if (ends && !product.finish)
          target = {product.target.at(p, row), 0, product.target.row_stride};
        run_tile<Shape, kBlocks, R, 1>(product.a0 + row, product.a1 + row, begin, end, w, 0, source,
                                       target);
        if (ends && product.finish) {
          product.finish(product.context, {p, p + 1}, {row, row + R}, finished);
        }
      });
      w += length * Shape::kStride * kLanes;
    }
  }
}

// One row against P full panels from `first` on.
template <class Shape, int P>
void sweep_row(const Product& product, Index first) {
  alignas(64) float finished[P * Shape::kSumFloats];
  Sums<float> target{finished, Shape::kSumFloats, 0};
  if (!product.finish) target = {product.target.at(first, 0), product.target.panel_stride, 0};
  run_tile<Shape, Shape::kBlocks, 1, P>(
      product.a0, product.a1, product.segments, product.segments + product.num_segments,
      product.weights + first * product.panel_stride, product.panel_stride,
      {product.source.at(first, 0), product.source.panel_stride, 0}, target);
  if (product.finish) product.finish(product.context, {first, first + P}, {0, 1}, finished);
}

template <class Shape, int P>
void sweep_row(const Product& product, Index first, Index panels) {
  if (panels == P) return sweep_row<Shape, P>(product, first);
  if constexpr (P > 1) sweep_row<Shape, P - 1>(product, first, panels);
}

template <class Shape>
void sweep_last_panel(const Product& product, Index p) {
  const Index here = product.blocks - p * Shape::kBlocks;
  if (here == 1) sweep_panel<Shape, 1>(product, p);
  if constexpr (Shape::kBlocks > 2) {
    if (here == 2) sweep_panel<Shape, 2>(product, p);
    if (here == 3) sweep_panel<Shape, 3>(product, p);
  }
}

template <class Shape>
void sweep(const Product& product) {
  constexpr Index kAtOnce = Shape::kPanelsForOneRow;
  const Range panels = product.panels;
  const Index full = product.blocks / Shape::kBlocks;
  const Index full_end = panels.end < full ? panels.end : full;
  if (product.descending && full_end < panels.end) sweep_last_panel<Shape>(product, full_end);
  for (Index done = 0, all = full_end - panels.begin; done < all;) {
    Index count = 1;
    if (product.rows == 1) {
      // The fewest tiles, of panels as evenly divided as possible.
      const Index left = all - done, turns = (left + kAtOnce - 1) / kAtOnce;
      count = (left + turns - 1) / turns;
    }
    const Index first = product.descending ? full_end - done - count : panels.begin + done;
    if (product.rows == 1) {
      sweep_row<Shape, kAtOnce>(product, first, count);
    } else {
      sweep_panel<Shape, Shape::kBlocks>(product, first);
    }
    done += count;
  }
  if (!product.descending && full_end < panels.end) sweep_last_panel<Shape>(product, full_end);
}

}  // namespace skrnn::SKRNN_ISA
