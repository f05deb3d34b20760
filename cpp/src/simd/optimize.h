// One step of an optimiser over a run of parameters.
#pragma once

#include "layer/kernel_table.h"
#include "simd/packet.h"

namespace skrnn::SKRNN_ISA {

// OptimizerStep as packets.
struct Rates {
  Packet learning_rate, decay;
  Packet first_correction, second_correction;

  explicit Rates(const OptimizerStep& s)
      : learning_rate(splat(s.learning_rate)),
        decay(splat(s.decay)),
        first_correction(splat(s.first_correction)),
        second_correction(splat(s.second_correction)) {}
};

// Parameters p, their gradients g, and up to two state values of each.
template <class Optimizer>
void optimize(const OptimizerStep& step, float* p, const float* g, float* first, float* second,
              Index n) {
  const Rates rates(step);
  const Packet scale = splat(step.gradient_scale);
  for (Index i = 0; i < n; i += kLanes) {
    const int lanes = static_cast<int>(n - i < kLanes ? n - i : kLanes);
    Packet m = load(first + i, lanes), v{};
    if constexpr (Optimizer::kStates == 2) v = load(second + i, lanes);
    const Packet next =
        Optimizer::update(rates, load(p + i, lanes), mul(load(g + i, lanes), scale), m, v);
    store(p + i, next, lanes);
    store(first + i, m, lanes);
    if constexpr (Optimizer::kStates == 2) store(second + i, v, lanes);
  }
}

template <class Optimizer>
constexpr OptimizerKernel optimizer_kernel() {
  return {Optimizer::kName, Optimizer::kStates, Optimizer::kBeta1, Optimizer::kBeta2,
          optimize<Optimizer>};
}

}  // namespace skrnn::SKRNN_ISA
