// Gated recurrent unit with the reset gate before the product, as first published (Cho et al.
// 2014):
//
//   r = sigmoid(W_r x + U_r h' + b_r)      n = tanh(W_n x + U_n (r h') + b_n)
//   z = sigmoid(W_z x + U_z h' + b_z)      h = (1 - z) n + z h'
//
// U_n needs r h' of all units, hence two stages: r and z first, n after.
#pragma once

#include "simd/parameters.h"
#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct GruResetBefore {
  static constexpr const char* kName = "gru_reset_before";
  static constexpr int kGates = 3;
  // The bias of the update gate starts at 2, as in gru.h.
  static constexpr ParameterInfo kParameters[] = {weight_ih(kGates), weight_hh(kGates),
                                                  bias_ih(kGates, gate_starts_at(1, 2.0f)),
                                                  bias_hh(kGates)};
  static constexpr StateInfo kStates[] = {kH};
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

  template <int N>
  static SKRNN_INLINE void forward(const Units<N>& u) {
    const Wide<N> r = sigmoid(u.sum(0)), z = sigmoid(u.sum(1));
    u.set_operand(mul(r, u.recurrent()));
    u.save(0, r);
    u.save(1, z);
  }

  // dh arrives as z dh, set by the other stage, so dz = z dh (h' - n) (1 - z).
  template <int N>
  static SKRNN_INLINE void backward(const UnitGradients<N>& u) {
    using V = Wide<N>;
    const V r = u.saved(0), z = u.saved(1), n = u.saved(2);
    const V h_prev = u.h_prev(), z_dh = u.dh(), doperand = mul(u.doperand(), u.mask());
    u.set_dsum(0, mul(mul(doperand, h_prev), sigmoid_slope(r)));
    u.set_dsum(1, mul(mul(z_dh, sub(h_prev, n)), sub(V(splat(1.0f)), z)));
    u.set_dh(mul_add(doperand, r, z_dh));
  }
};

template <>
struct GruResetBefore::Stage<1> {
  static constexpr int kGates = 1, kSums = 1, kBlocks = 4;
  static constexpr int kInputGates[] = {2};  // n
  static constexpr int kHiddenGates[] = {2};

  template <int N>
  static SKRNN_INLINE void forward(const Units<N>& u) {
    const Wide<N> z = u.saved(1), n = tanh(u.sum(0));
    u.set_h(interpolate(z, n, u.h_prev()));
    u.save(2, n);
  }

  template <int N>
  static SKRNN_INLINE void backward(const UnitGradients<N>& u) {
    using V = Wide<N>;
    const V z = u.saved(1), n = u.saved(2), dh = u.dh();
    u.set_dsum(0, mul(mul(dh, sub(V(splat(1.0f)), z)), tanh_slope(n)));
    u.set_dh(mul(dh, z));
  }
};

}  // namespace skrnn::SKRNN_ISA
