// Gated recurrent unit with the reset gate before the product, as first published (Cho et al. 2014):
//
//   r = sigmoid(W_r x + U_r h' + b_r)      n = tanh(W_n x + U_n (r h') + b_n)
//   z = sigmoid(W_z x + U_z h' + b_z)      h = (1 - z) n + z h'
//
// U_n needs r h' of all units, hence two stages: r and z first, n after.
#pragma once

#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct GruResetBefore {
  static constexpr const char* kName = "gru_reset_before";
  static constexpr int kGates = 3;
  static constexpr int kStates = 1;
  static constexpr int kStages = 2;
  static constexpr int kSaved = 3;  // r, z, n
  static constexpr bool kPassesDh = true;

  template <int S>
  struct Stage;
};

template <>
struct GruResetBefore::Stage<0> {
  static constexpr int kGates = 2, kSums = 2, kBlocks = 2;
  static constexpr int kInputGates[] = {0, 1};  // r, z
  static constexpr int kHiddenGates[] = {0, 1};

  static SKRNN_INLINE void forward(const float* sums, const Unit& u) {
    const Packet r = sigmoid(load(sums)), z = sigmoid(load(sums + kLanes));
    store(u.operand, mul(r, load(u.h_prev, u.lanes)), u.lanes);
    u.save(0, r);
    u.save(1, z);
  }

  // dh arrives as z dh, left there by the other stage, so dz = z dh (h' - n) (1 - z).
  static SKRNN_INLINE void backward(const UnitGradient& u) {
    const Packet r = u.saved_at(0), z = u.saved_at(1), n = u.saved_at(2);
    const Packet h_prev = load(u.h_prev, u.lanes), doperand = load(u.doperand);
    const Packet z_dh = load(u.dh);
    u.put(0, mul(mul(doperand, h_prev), sigmoid_slope(r)));
    u.put(1, mul(mul(z_dh, sub(h_prev, n)), sub(splat(1.0f), z)));
    store(u.dh, mul_add(doperand, r, z_dh));
  }
};

template <>
struct GruResetBefore::Stage<1> {
  static constexpr int kGates = 1, kSums = 1, kBlocks = 4;
  static constexpr int kInputGates[] = {2};  // n
  static constexpr int kHiddenGates[] = {2};

  static SKRNN_INLINE void forward(const float* sums, const Unit& u) {
    const Packet z = load(u.saved + kLanes), n = tanh(load(sums));
    store(u.h, mul_add(z, sub(load(u.h_prev, u.lanes), n), n), u.lanes);
    u.save(2, n);
  }

  static SKRNN_INLINE void backward(const UnitGradient& u) {
    const Packet z = u.saved_at(1), n = u.saved_at(2), dh = load(u.dh);
    u.put(0, mul(mul(dh, sub(splat(1.0f), z)), tanh_slope(n)));
    store(u.dh, mul(dh, z));
  }
};

}  // namespace skrnn::SKRNN_ISA
