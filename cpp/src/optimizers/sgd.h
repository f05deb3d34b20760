// Stochastic gradient descent with Nesterov's momentum (Sutskever et al., ICML 2013, in PyTorch's
// form):
//
//   g = dL/dp + decay p
//   m = momentum m + g
//   p = p - rate (g + momentum m)
#pragma once

#include "simd/optimize.h"

namespace skrnn::SKRNN_ISA {

struct Sgd {
  static constexpr const char* kName = "sgd";
  static constexpr int kStates = 1;  // m
  static constexpr double kBeta1 = 0, kBeta2 = 0;

  static SKRNN_INLINE Packet update(const Rates& r, Packet p, Packet g, Packet& m, Packet&) {
    const Packet momentum = splat(0.9f);
    g = mul_add(r.decay, p, g);
    m = mul_add(momentum, m, g);
    return sub(p, mul(r.learning_rate, mul_add(momentum, m, g)));
  }
};

}  // namespace skrnn::SKRNN_ISA
