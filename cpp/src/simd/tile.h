// The register tile: the one inner loop under forward, backward and every large product.
//
// A tile has R rows and W packets a row, all held in registers. Each of its elements has a single
// accumulator that takes its products in the order of k, whatever R is and however a caller cuts k:
// that is why results do not depend on batch composition or on the number of threads.
#pragma once

#include <type_traits>

#include "simd/packet.h"

namespace skrnn::SKRNN_ISA {

// Rows of a tile with 4 packets per row: as many as fit the register file together with one packet
// of weights and one broadcast value per row (16 registers for SSE and AVX2, 32 for AVX-512 and
// NEON).
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kTileRows = 6;
#else
constexpr int kTileRows = 3;
#endif

// acc[p][r][kOffset + j] += sum over k < n of a[r][k] * w_p[k * kStride + j], for P panels of
// weights, R rows and J packets; panel w_p begins p * panel_distance floats after w.
template <int J, int kStride, int kOffset, int P, int R, int W>
SKRNN_INLINE void multiply_accumulate(Packet (&acc)[P][R][W], const float* const (&a)[R],
                                      const float* w, Index panel_distance, Index n) {
  const float* at[P];
  SKRNN_UNROLL(8)
  for (int p = 0; p < P; ++p) at[p] = w + p * panel_distance;
  SKRNN_UNROLL(4)
  for (Index k = 0; k < n; ++k) {
    Packet x[R];
    SKRNN_UNROLL(8)
    for (int r = 0; r < R; ++r) x[r] = splat(a[r][k]);
    SKRNN_UNROLL(8)
    for (int p = 0; p < P; ++p) {
      SKRNN_UNROLL(8)
      for (int j = 0; j < J; ++j) {
        const Packet weight = load(at[p] + j * kLanes);
        SKRNN_UNROLL(8)
        for (int r = 0; r < R; ++r) {
          acc[p][r][kOffset + j] = mul_add(x[r], weight, acc[p][r][kOffset + j]);
        }
      }
      at[p] += kStride * kLanes;
    }
  }
}

// Cuts n rows into the fewest tiles of at most kMaxRows, as even as possible, so that no tile is
// left with too few accumulators to hide the latency of the multiplier. Calls f(R, first row) with
// R an integral constant.
template <int kMaxRows, class F>
SKRNN_INLINE void for_each_tile(Index n, F&& f) {
  const Index tiles = (n + kMaxRows - 1) / kMaxRows;
  Index row = 0;
  for (Index t = 0; t < tiles; ++t) {
    const Index rows = (n - row) / (tiles - t) + ((n - row) % (tiles - t) != 0);
    switch (rows) {
      case 1:
        f(std::integral_constant<int, 1>(), row);
        break;
      case 2:
        f(std::integral_constant<int, 2>(), row);
        break;
      case 3:
        f(std::integral_constant<int, 3>(), row);
        break;
      default:
        if constexpr (kMaxRows > 3) {
          if (rows == 4) f(std::integral_constant<int, 4>(), row);
          if (rows == 5) f(std::integral_constant<int, 5>(), row);
          if (rows == 6) f(std::integral_constant<int, 6>(), row);
        }
    }
    row += rows;
  }
}

}  // namespace skrnn::SKRNN_ISA
