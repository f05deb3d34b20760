// Adam (Kingma & Ba, arXiv:1412.6980, algorithm 1), with weight decay as a part of the gradient:
//
//   g = dL/dp + decay p                     p = p - rate m' / (sqrt(v') + eps)
//   m = beta1 m + (1 - beta1) g             m' = m / (1 - beta1^t)
//   v = beta2 v + (1 - beta2) g^2           v' = v / (1 - beta2^t)
#pragma once

#include "simd/optimize.h"

namespace skrnn::SKRNN_ISA {

struct Adam {
  static constexpr const char* kName = "adam";
  static constexpr int kStates = 2;  // m, v
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999;

  static SKRNN_INLINE Packet update(const Rates& r, Packet p, Packet g, Packet& m, Packet& v) {
    return descend(r, p, mul_add(r.decay, p, g), m, v);
  }

  // The step without the decay.
  static SKRNN_INLINE Packet descend(const Rates& r, Packet p, Packet g, Packet& m, Packet& v) {
    constexpr float kB1 = static_cast<float>(kBeta1), kB2 = static_cast<float>(kBeta2);
    constexpr float kRest1 = static_cast<float>(1 - kBeta1),
                    kRest2 = static_cast<float>(1 - kBeta2);
    m = mul_add(splat(kB1), m, mul(splat(kRest1), g));
    v = mul_add(splat(kB2), v, mul(splat(kRest2), mul(g, g)));
    const Packet spread = add(sqrt(mul(v, r.second_correction)), splat(1e-8f));
    return sub(p, div(mul(r.learning_rate, mul(m, r.first_correction)), spread));
  }
};

}  // namespace skrnn::SKRNN_ISA
