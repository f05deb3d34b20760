// Sigmoid and tanh to within a few ulp over all of float32, relative error of tiny results
// included.
//
// Both use one reduction: z = n ln 2 + r with n an integer and |r| <= ln 2 / 2, so that
// exp(z) = 2^n (1 + p) with p = expm1(r) = r + r^2 q(r). q is a minimax polynomial of degree 4 that
// we fitted for the relative error of expm1 (1.4e-8, a quarter of half an ulp).
//
// V is Packet or Wide<N>.
#pragma once

#include "simd/wide.h"

namespace skrnn::SKRNN_ISA {

template <class V>
struct ReducedExp {
  V scale;  // 2^n
  V p;      // expm1(r)
};

// For -88 <= z <= 88.37.
template <class V>
SKRNN_INLINE ReducedExp<V> reduced_exp(V z) {
  // Adding 1.5 * 2^23 rounds to an integer, which is left in the low bits of the sum.
  const V shift = splat(12582912.0f);
  const V shifted = mul_add(z, V(splat(1.44269504f)), shift);
  const V n = sub(shifted, shift);
  // ln 2 in two parts: the product of n and the first is exact, with or without fused arithmetic.
  V r = mul_add(n, V(splat(-0.693359375f)), z);
  r = mul_add(n, V(splat(2.12194440e-4f)), r);
  V q = splat(1.3946671970e-3f);
  q = mul_add(q, r, V(splat(8.3667133003e-3f)));
  q = mul_add(q, r, V(splat(4.1666280478e-2f)));
  q = mul_add(q, r, V(splat(1.6666541994e-1f)));
  q = mul_add(q, r, V(splat(0.5f)));
  return {exp2_of_shifted(shifted), mul_add(mul(q, r), r, r)};
}

// 1 / (1 + exp(-x)). Below x = -87.3 the result is subnormal, which the kernels flush to zero; the
// upper bound keeps 2^n finite there, the lower one lets it reach 0.
template <class V>
SKRNN_INLINE V sigmoid(V x) {
  const V minus_x = sub(V(splat(0.0f)), x);
  const V z = at_least(at_most(minus_x, V(splat(88.37f))), V(splat(-88.0f)));
  const ReducedExp<V> e = reduced_exp(z);
  const V one = splat(1.0f);
  return div(one, add(one, mul_add(e.p, e.scale, e.scale)));
}

// expm1(2|x|) / (expm1(2|x|) + 2) with the sign of x; 1 in float32 from |x| = 9.02 on.
template <class V>
SKRNN_INLINE V tanh(V x) {
  const V a = at_most(magnitude(x), V(splat(9.1f)));
  const ReducedExp<V> e = reduced_exp(add(a, a));
  const V expm1 = mul_add(e.p, e.scale, sub(e.scale, V(splat(1.0f))));
  return bit_or(div(expm1, add(expm1, V(splat(2.0f)))), sign_bit(x));
}

}  // namespace skrnn::SKRNN_ISA
