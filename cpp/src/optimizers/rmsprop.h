// RMSprop (Tieleman & Hinton, lecture 6.5 of Neural Networks for Machine Learning, 2012, in
// PyTorch's form):
//
//   g = dL/dp + decay p
//   v = rho v + (1 - rho) g^2
//   p = p - rate g / (sqrt(v) + eps)
#pragma once

#include "simd/optimize.h"

namespace skrnn::SKRNN_ISA {

struct RmsProp {
  static constexpr const char* kName = "rmsprop";
  static constexpr int kStates = 1;  // v
  static constexpr double kBeta1 = 0, kBeta2 = 0;

  static SKRNN_INLINE Packet update(const Rates& r, Packet p, Packet g, Packet& v, Packet&) {
    constexpr double kRho = 0.99;
    g = mul_add(r.decay, p, g);
    v = mul_add(splat(static_cast<float>(kRho)), v,
                mul(splat(static_cast<float>(1 - kRho)), mul(g, g)));
    return sub(p, div(mul(r.learning_rate, g), add(sqrt(v), splat(1e-8f))));
  }
};

}  // namespace skrnn::SKRNN_ISA
