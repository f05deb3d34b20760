// A matrix product as a sweep of the register tile over rows and packed panels.
//
//   target[row] = source[row] + sum over k of a[row][k] * panel[k]
//
// The inner dimension is a list of segments, each a run of consecutive floats in the rows of one of
// two operands: a recurrent step reads x_t and then h_{t-1} against one stream of weights. Long
// inner dimensions are cut into passes, between which the sums rest in memory (exactly, so the cut
// does not show in the result), so that the part of a panel in use stays in the first-level cache.
#pragma once

#include "simd/tile.h"

namespace skrnn::SKRNN_ISA {

struct Segment {
  int operand;  // 0 or 1
  Index offset;
  Index length;
  bool ends_pass;
};

// Packets a panel keeps in the first-level cache during one pass.
constexpr Index kPassPackets = 24 * 1024 / (kLanes * 4);

// Rows between which a panel is reused in one go; bounds the sums resting in memory.
constexpr Index kSlabRows = 96;

// What one block of kLanes units (or columns) means to a sweep.
template <int kGates_, int kSums_, int kSecondOffset_, int kBlocks_, int kFixedStride_ = 0>
struct PanelShape {
  static constexpr int kGates = kGates_;  // packets of weights a block has for each k
  static constexpr int kSums = kSums_;    // accumulators of a block
  static constexpr int kSecondOffset = kSecondOffset_;  // accumulator where operand 1 begins
  static constexpr int kBlocks = kBlocks_;  // blocks that share a tile; the last panel may have fewer
  static_assert(kBlocks == 1 || (kGates == kSums && kSecondOffset == 0), "a tile is contiguous");

  // Packets from one k to the next in a panel of `blocks` blocks.
  static constexpr int stride(int blocks) { return kFixedStride_ ? kFixedStride_ : kGates * blocks; }
  static constexpr Index panels(Index blocks) { return (blocks + kBlocks - 1) / kBlocks; }

  // Panels that one row takes at once, where there are enough, to have 8 or more independent sums.
  static constexpr int kPanelsForOneRow = (7 + kGates * kBlocks) / (kGates * kBlocks);
};

// Appends [begin, end) of `operand`, ending a pass wherever it is full. `in_pass` counts the k of the
// current pass.
inline void append_segments(Segment* segments, Index& count, Index& in_pass, int operand,
                            Index begin, Index end, int packets_per_k) {
  const Index most = kPassPackets / packets_per_k;
  while (begin < end) {
    Index length = most - in_pass;
    // A short rest is not worth a pass of its own.
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

// R rows against P panels that stand `panel_distance` floats apart, for one pass.
//   source(p, r), target(p, r): kSums * kBlocks packets where the sums start from and go to
template <class Shape, int kBlocks, int R, int P, class Source, class Target>
SKRNN_INLINE void run_tile(const float* const* a0, const float* const* a1, const Segment* segment,
                           const Segment* end, const float* w, Index panel_distance,
                           const Source& source, const Target& target) {
  constexpr int kSums = Shape::kSums * kBlocks;
  constexpr int kPackets = Shape::kGates * kBlocks;
  constexpr int kStride = Shape::stride(kBlocks);
  Packet acc[P][R][kSums];
  for (int p = 0; p < P; ++p) {
    for (int r = 0; r < R; ++r) {
      const float* from = source(p, r);
      for (int j = 0; j < kSums; ++j) acc[p][r][j] = load(from + j * kLanes);
    }
  }
  for (; segment != end; ++segment) {
    const float* a[R];
    const float* const* rows = segment->operand == 0 ? a0 : a1;
    for (int r = 0; r < R; ++r) a[r] = rows[r] + segment->offset;
    if (Shape::kSecondOffset == 0 || segment->operand == 0) {
      multiply_accumulate<kPackets, kStride, 0>(acc, a, w, panel_distance, segment->length);
    } else {
      multiply_accumulate<kPackets, kStride, Shape::kSecondOffset>(acc, a, w, panel_distance,
                                                                   segment->length);
    }
    w += segment->length * kStride * kLanes;
  }
  for (int p = 0; p < P; ++p) {
    for (int r = 0; r < R; ++r) {
      float* to = target(p, r);
      for (int j = 0; j < kSums; ++j) store(to + j * kLanes, acc[p][r][j]);
    }
  }
}

// All rows against one panel of kBlocks blocks.
//   source(row), target(row, place): where the sums of that row, which is number `place` in its
//   tile, start from and go to
//   finish(row, rows): called when the sums of a tile of rows are complete
template <class Shape, int kBlocks, class Source, class Target, class Finish>
void sweep_panel(Index rows, const float* const* a0, const float* const* a1,
                 const Segment* segments, Index num_segments, const float* panel, float* resting,
                 const Source& source, const Target& target, const Finish& finish) {
  constexpr Index kRowFloats = Shape::kSums * kBlocks * kLanes;
  for (Index slab = 0; slab < rows; slab += kSlabRows) {
    const Index slab_rows = rows - slab < kSlabRows ? rows - slab : kSlabRows;
    const float* w = panel;
    for (Index first = 0; first < num_segments;) {
      Index last = first, length = segments[first].length;
      while (last + 1 < num_segments && !segments[last].ends_pass) length += segments[++last].length;
      const bool starts = first == 0, ends = last + 1 == num_segments;
      for_each_tile<kTileRows>(slab_rows, [&](auto tile, Index tile_row) {
        constexpr int R = decltype(tile)::value;
        const Index row = slab + tile_row;
        float* rest = resting + tile_row * kRowFloats;
        run_tile<Shape, kBlocks, R, 1>(
            a0 + row, a1 + row, segments + first, segments + last + 1, w, 0,
            [&](int, int r) -> const float* {
              return starts ? source(row + r) : rest + r * kRowFloats;
            },
            [&](int, int r) -> float* {
              return ends ? target(row + r, r) : rest + r * kRowFloats;
            });
        if (ends) finish(row, R);
      });
      w += length * Shape::stride(kBlocks) * kLanes;
      first = last + 1;
    }
  }
}

// Floats that `resting` needs.
template <class Shape>
constexpr Index resting_floats(Index rows) {
  return (rows < kSlabRows ? rows : kSlabRows) * Shape::kSums * Shape::kBlocks * kLanes;
}

// All rows against panels [begin, end) of a matrix of `blocks` blocks, in rising or falling order.
//   panel(p), source(p, row), target(p, row, place): pointers, as for sweep_panel
//   finish(p, row, rows, place): called when the sums of a tile are complete; the first of them is
//   number `place`
template <class Shape, class Panel, class Source, class Target, class Finish>
void sweep(Index rows, const float* const* a0, const float* const* a1, const Segment* segments,
           Index num_segments, Index blocks, Index begin, Index end, bool falling, float* resting,
           const Panel& panel, const Source& source, const Target& target, const Finish& finish) {
  constexpr int kFull = Shape::kBlocks, P = Shape::kPanelsForOneRow;
  auto one_panel = [&](auto here, Index p) {
    sweep_panel<Shape, decltype(here)::value>(
        rows, a0, a1, segments, num_segments, panel(p), resting,
        [&](Index row) { return source(p, row); }, [&](Index row, int place) { return target(p, row, place); },
        [&](Index row, int count) { finish(p, row, count, 0); });
  };
  for (Index i = begin; i < end; ++i) {
    const Index p = falling ? begin + end - 1 - i : i;
    const Index here = blocks - p * kFull;
    if (here >= kFull) {
      if constexpr (P > 1) {
        if (rows == 1 && i + P <= end && (blocks - (falling ? p : p + P - 1) * kFull) >= kFull) {
          const Index low = falling ? p - P + 1 : p;
          run_tile<Shape, kFull, 1, P>(
              a0, a1, segments, segments + num_segments, panel(low),
              static_cast<Index>(panel(low + 1) - panel(low)),
              [&](int q, int) -> const float* { return source(low + q, 0); },
              [&](int q, int) -> float* { return target(low + q, 0, q); });
          for (int q = 0; q < P; ++q) finish(low + q, 0, 1, q);
          i += P - 1;
          continue;
        }
      }
      one_panel(std::integral_constant<int, kFull>(), p);
    } else if constexpr (kFull > 1) {
      if (here == 1) one_panel(std::integral_constant<int, 1>(), p);
      if constexpr (kFull > 2) {
        if (here == 2) one_panel(std::integral_constant<int, 2>(), p);
        if (here == 3) one_panel(std::integral_constant<int, 3>(), p);
      }
    }
  }
}

}  // namespace skrnn::SKRNN_ISA
