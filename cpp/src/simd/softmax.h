// The terms of a softmax over many outputs: exp(x_i - max x), and their sum.
//
// The order of the sum depends on n and on the lanes of the instruction set only.
#pragma once

#include "simd/activations.h"

namespace skrnn::SKRNN_ISA {

// exp(z) for z <= 0, -infinity included; 0 below z = -87.68. NaN stays NaN.
template <class V>
SKRNN_INLINE V exp_of_negative(V z) {
  const ReducedExp<V> e = reduced_exp(at_least(z, V(splat(-88.0f))));
  return mul_add(e.p, e.scale, e.scale);
}

inline float largest_of(const float* x, Index n) {
  float largest = x[0];
  Index i = 0;
  if (n >= kLanes) {
    Packet lanewise = load(x);
    for (i = kLanes; i + kLanes <= n; i += kLanes) lanewise = at_least(lanewise, load(x + i));
    float lanes[kLanes];
    store(lanes, lanewise);
    for (float lane : lanes) largest = largest < lane ? lane : largest;
  }
  for (; i < n; ++i) largest = largest < x[i] ? x[i] : largest;
  return largest;
}

// Returns the sum of exp(x[i] - *largest), where *largest is set to the largest of x [n]; the terms
// go to `terms` [n], which may be x, or null. Each lane adds up some terms in float32, and the sums
// of lanes and chunks are added in float64.
inline double softmax_terms(const float* x, Index n, float* largest, float* terms) {
  constexpr int kAtOnce = 4;  // packets in lockstep
  constexpr Index kWidth = kAtOnce * kLanes, kChunk = 16 * kWidth;
  *largest = largest_of(x, n);
  const Packet most = splat(*largest);
  double total = 0;
  for (Index begin = 0; begin < n; begin += kChunk) {
    const Index end = n - begin < kChunk ? n : begin + kChunk;
    Wide<kAtOnce> sums = splat(0.0f);
    Index i = begin;
    for (; i + kWidth <= end; i += kWidth) {
      Wide<kAtOnce> z;
      for (int a = 0; a < kAtOnce; ++a) z.at[a] = sub(load(x + i + a * kLanes), most);
      const Wide<kAtOnce> e = exp_of_negative(z);
      sums = add(sums, e);
      for (int a = 0; terms && a < kAtOnce; ++a) store(terms + i + a * kLanes, e.at[a]);
    }
    for (; i < end; i += kLanes) {
      const int lanes = static_cast<int>(end - i < kLanes ? end - i : kLanes);
      const Packet e = keep_first(exp_of_negative(sub(load(x + i, lanes), most)), lanes);
      sums.at[0] = add(sums.at[0], e);
      if (terms) store(terms + i, e, lanes);
    }
    float lanes[kLanes];
    store(lanes, add(add(sums.at[0], sums.at[1]), add(sums.at[2], sums.at[3])));
    for (float lane : lanes) total += static_cast<double>(lane);
  }
  return total;
}

}  // namespace skrnn::SKRNN_ISA
