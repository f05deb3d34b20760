// What a cell sees: one block of kLanes hidden units of one sequence at one step.
#pragma once

#include "simd/activations.h"

namespace skrnn::SKRNN_ISA {

// Forward. `h_prev` and `c_prev` are the states before the step, `h` and `c` where the new ones go.
// `saved` is what the backward pass will want, one packet after another; null where nobody asks.
// `operand` is where a first stage puts what the second multiplies with its recurrent weights.
struct Unit {
  int lanes;
  const float* h_prev;
  const float* c_prev;
  float* h;
  float* c;
  float* saved;
  float* operand;

  SKRNN_INLINE void save(int place, Packet a) const { store(saved + place * kLanes, a); }
};

// Backward. `dh` and `dc` hold dL/dh and dL/dc of this step as they come in, and what the cell passes
// to the step before on ways that do not lead through the recurrent weights as it returns. `dgates`
// takes dL/d(sum) for every sum of the stage. A first stage finds in `doperand` what came back through
// the second.
struct UnitGradient {
  int lanes;
  const float* h_prev;
  const float* h;
  const float* c_prev;
  const float* c;
  const float* saved;
  float* dh;
  float* dc;
  const float* doperand;
  float* dgates;

  SKRNN_INLINE Packet saved_at(int place) const { return load(saved + place * kLanes); }
  SKRNN_INLINE void put(int sum, Packet a) const { store(dgates + sum * kLanes, a); }
};

// a * (1 - a), the derivative of the sigmoid whose value is a, and 1 - a^2, that of tanh.
SKRNN_INLINE Packet sigmoid_slope(Packet a) { return mul(a, sub(splat(1.0f), a)); }
SKRNN_INLINE Packet tanh_slope(Packet a) { return mul(sub(splat(1.0f), a), add(splat(1.0f), a)); }

}  // namespace skrnn::SKRNN_ISA
