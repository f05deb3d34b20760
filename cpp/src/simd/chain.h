// Steps of the forward-backward recursions of a linear-chain CRF, in the exponential domain; see
// decoding/scaled_chains.h for the equations.
//
// A row belongs to one sequence at one step. Rows of K labels are padded with zeros to P floats,
// the next multiple of the lanes; rows never mix, so a sequence has the same bits in any company.
#pragma once

#include "layer/kernel_table.h"
#include "simd/softmax.h"

namespace skrnn::SKRNN_ISA {

constexpr Index padded_labels(Index K) { return (K + kLanes - 1) / kLanes * kLanes; }

// As largest_of, for rows of a few packets: the last one overlaps the one before it.
SKRNN_INLINE float largest_label(const float* scores, Index K) {
  if (K < kLanes) return largest_of(scores, K);
  Packet lanewise = load(scores + K - kLanes);
  for (Index k = 0; k + kLanes < K; k += kLanes) lanewise = at_least(lanewise, load(scores + k));
  return largest_lane(lanewise);
}

// x[r][k] = exp(scores[r][k] - largest[r]), with largest[r] the largest of the row.
inline void chain_terms(const float* scores, Index rows, Index K, float* x, float* largest) {
  const Index P = padded_labels(K);
  for (Index r = 0; r < rows; ++r, scores += K, x += P) {
    largest[r] = largest_label(scores, K);
    const Packet most = splat(largest[r]);
    Index k = 0;
    for (; k + kLanes <= K; k += kLanes) {
      store(x + k, exp_of_negative(sub(load(scores + k), most)));
    }
    if (k == K) continue;
    const int lanes = static_cast<int>(K - k);
    store(x + k, keep_first(exp_of_negative(sub(load(scores + k, lanes), most)), lanes));
  }
}

// a = (a x + floor) / sum, with the sum of each row to `sums`.
inline void chain_forward(Index rows, Index K, const float* floor, const float* x, float* a,
                          float* sums) {
  const Index P = padded_labels(K);
  for (Index r = 0; r < rows; ++r, x += P, a += P) {
    Packet sum = splat(0.0f);
    for (Index k = 0; k < P; k += kLanes) {
      const Packet v = mul_add(load(a + k), load(x + k), load(floor + k));
      store(a + k, v);
      sum = add(sum, v);
    }
    sums[r] = sum_of_lanes(sum);
    const Packet scale = splat(1.0f / sums[r]);
    for (Index k = 0; k < P; k += kLanes) store(a + k, mul(load(a + k), scale));
  }
}

inline void chain_backward(const ChainBackwardArgs& s) {
  const Index P = padded_labels(s.labels);
  const float* a = s.a;
  float *b = s.b, *x = s.x, *next = s.next, *marginals = s.marginals;
  for (Index r = 0; r < s.rows; ++r, a += P, b += P, x += P, marginals += s.labels) {
    Packet sum = splat(0.0f), dot = splat(0.0f);
    for (Index k = 0; k < P; k += kLanes) {
      const Packet v = add(load(b + k), load(s.floor + k));
      store(b + k, v);
      sum = add(sum, v);
      dot = mul_add(load(a + k), v, dot);
    }
    s.sums[r] = sum_of_lanes(sum);
    s.dots[r] = sum_of_lanes(dot);
    const Packet before = splat(1.0f / s.forward_sums[r]), scale = splat(1.0f / s.sums[r]);
    const Packet share = splat(s.weights[r] * (s.sums[r] / s.dots[r]));
    const Packet zero = splat(0.0f);
    for (Index k = 0; k < P; k += kLanes) {
      const Packet floor = load(s.floor + k), bk = mul(load(b + k), scale);
      const Packet from_a = at_least(sub(load(a + k), mul(floor, before)), zero);
      const Packet from_b = at_least(sub(bk, mul(floor, scale)), zero);
      store(x + k, mul(load(x + k), bk));
      const int lanes = static_cast<int>(s.labels - k < kLanes ? s.labels - k : kLanes);
      store(marginals + k, mul(mul(from_a, from_b), share), lanes);
    }
    if (next == nullptr) continue;
    const Packet of_pairs = splat(s.weights[r] / s.dots[r]);
    for (Index k = 0; k < P; k += kLanes) store(next + k, mul(load(next + k), of_pairs));
    next += P;
  }
}

// A tile of pairs [kFrom, kTo packets] in registers, over all rows.
template <int kTo>
SKRNN_INLINE void chain_tile(const float* a, const float* u, Index rows, Index P, float* pairs) {
  constexpr int kFrom = kChainRows;
  Packet sums[kFrom][kTo];
  for (int i = 0; i < kFrom; ++i) {
    for (int p = 0; p < kTo; ++p) sums[i][p] = load(pairs + i * P + p * kLanes);
  }
  for (Index r = 0; r < rows; ++r, a += P, u += P) {
    Packet to[kTo];
    for (int p = 0; p < kTo; ++p) to[p] = load(u + p * kLanes);
    SKRNN_UNROLL(4)
    for (int i = 0; i < kFrom; ++i) {
      const Packet from = splat(a[i]);
      for (int p = 0; p < kTo; ++p) sums[i][p] = mul_add(from, to[p], sums[i][p]);
    }
  }
  for (int i = 0; i < kFrom; ++i) {
    for (int p = 0; p < kTo; ++p) store(pairs + i * P + p * kLanes, sums[i][p]);
  }
}

// pairs[i][j] += the sum over rows of a[r][i] u[r][j], for i in blocks [begin, end) of kChainRows.
inline void chain_pairs(const float* a, const float* u, Index rows, Index K, Range blocks,
                        float* pairs) {
  constexpr int kWidth = 3;
  const Index P = padded_labels(K);
  for (Index i = blocks.begin * kChainRows; i < blocks.end * kChainRows; i += kChainRows) {
    Index j = 0;
    for (; j + kWidth * kLanes <= P; j += kWidth * kLanes) {
      chain_tile<kWidth>(a + i, u + j, rows, P, pairs + i * P + j);
    }
    for (; j < P; j += kLanes) chain_tile<1>(a + i, u + j, rows, P, pairs + i * P + j);
  }
}

}  // namespace skrnn::SKRNN_ISA
