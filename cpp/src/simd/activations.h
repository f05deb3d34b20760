// Sigmoid and tanh to within a few ulp over all of float32, relative error of tiny results included.
//
// Both rest on one reduction: z = n ln 2 + r with n an integer and |r| <= ln 2 / 2, so that
// exp(z) = 2^n (1 + p) with p = expm1(r) = r + r^2 q(r). q is a minimax polynomial of degree 4 that we
// fitted for the relative error of expm1 (1.4e-8, a quarter of half an ulp).
#pragma once

#include "simd/packet.h"

namespace skrnn::SKRNN_ISA {

struct ReducedExp {
  Packet scale;  // 2^n
  Packet p;      // expm1(r)
};

// For -88 <= z <= 88.37.
SKRNN_INLINE ReducedExp reduced_exp(Packet z) {
  // Adding 1.5 * 2^23 rounds to an integer, which is left in the low bits of the sum.
  const Packet shift = splat(12582912.0f);
  const Packet shifted = mul_add(z, splat(1.44269504f), shift);
  const Packet n = sub(shifted, shift);
  // ln 2 in two parts: the product of n and the first is exact, with or without fused arithmetic.
  Packet r = mul_add(n, splat(-0.693359375f), z);
  r = mul_add(n, splat(2.12194440e-4f), r);
  Packet q = splat(1.3946671970e-3f);
  q = mul_add(q, r, splat(8.3667133003e-3f));
  q = mul_add(q, r, splat(4.1666280478e-2f));
  q = mul_add(q, r, splat(1.6666541994e-1f));
  q = mul_add(q, r, splat(0.5f));
  return {exp2_of_shifted(shifted), mul_add(mul(q, r), r, r)};
}

// 1 / (1 + exp(-x)). Below x = -87.3 the result is subnormal, which the kernels flush to zero; the
// upper bound keeps 2^n finite there, the lower one lets it reach 0.
SKRNN_INLINE Packet sigmoid(Packet x) {
  const Packet z = at_least(at_most(sub(splat(0.0f), x), splat(88.37f)), splat(-88.0f));
  const ReducedExp e = reduced_exp(z);
  const Packet one = splat(1.0f);
  return div(one, add(one, mul_add(e.p, e.scale, e.scale)));
}

// expm1(2|x|) / (expm1(2|x|) + 2) with the sign of x; 1 in float32 from |x| = 9.02 on.
SKRNN_INLINE Packet tanh(Packet x) {
  const Packet a = at_most(magnitude(x), splat(9.1f));
  const ReducedExp e = reduced_exp(add(a, a));
  const Packet expm1 = mul_add(e.p, e.scale, sub(e.scale, splat(1.0f)));
  return bit_or(div(expm1, add(expm1, splat(2.0f))), sign_bit(x));
}

}  // namespace skrnn::SKRNN_ISA
