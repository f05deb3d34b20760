// N packets that go through the same arithmetic in lockstep.
//
// An activation is a chain of some twenty dependent operations. The window of out-of-order
// execution is limited, so the chains of several units are interleaved in the source.
#pragma once

#include "simd/packet.h"

namespace skrnn::SKRNN_ISA {

template <int N>
struct Wide {
  Packet at[N];

  Wide() = default;
  // The same value everywhere: constants of a formula.
  SKRNN_INLINE Wide(Packet a) {
    for (int n = 0; n < N; ++n) at[n] = a;
  }

#define SKRNN_WIDE_UNARY(name)                                \
  friend SKRNN_INLINE Wide name(Wide a) {                     \
    Wide result;                                              \
    for (int n = 0; n < N; ++n) result.at[n] = name(a.at[n]); \
    return result;                                            \
  }
#define SKRNN_WIDE_BINARY(name)                                        \
  friend SKRNN_INLINE Wide name(Wide a, Wide b) {                      \
    Wide result;                                                       \
    for (int n = 0; n < N; ++n) result.at[n] = name(a.at[n], b.at[n]); \
    return result;                                                     \
  }
  SKRNN_WIDE_UNARY(magnitude)
  SKRNN_WIDE_UNARY(sign_bit)
  SKRNN_WIDE_UNARY(is_positive)
  SKRNN_WIDE_UNARY(exp2_of_shifted)
  SKRNN_WIDE_BINARY(add)
  SKRNN_WIDE_BINARY(sub)
  SKRNN_WIDE_BINARY(mul)
  SKRNN_WIDE_BINARY(div)
  SKRNN_WIDE_BINARY(at_most)
  SKRNN_WIDE_BINARY(at_least)
  SKRNN_WIDE_BINARY(bit_or)
#undef SKRNN_WIDE_UNARY
#undef SKRNN_WIDE_BINARY
  friend SKRNN_INLINE Wide mul_add(Wide a, Wide b, Wide c) {
    Wide result;
    for (int n = 0; n < N; ++n) result.at[n] = mul_add(a.at[n], b.at[n], c.at[n]);
    return result;
  }
};

}  // namespace skrnn::SKRNN_ISA
