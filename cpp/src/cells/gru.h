// Gated recurrent unit with the reset gate after the product, as PyTorch and cuDNN have it
// (Cho et al. 2014, in the variant of Appleyard et al. 2016):
//
//   r = sigmoid(W_r x + U_r h' + b_r)      n = tanh(W_n x + b_n + r (U_n h' + d_n))
//   z = sigmoid(W_z x + U_z h' + b_z)      h = (1 - z) n + z h'
#pragma once

#include "simd/parameters.h"
#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct Gru {
  static constexpr const char* kName = "gru";
  static constexpr int kGates = 3;
  // The bias of the update gate starts at 2, so that sigmoid(2), 88 %, of the state is kept: the
  // reset gate lets less of the gradient through than an LSTM's gates do.
  static constexpr ParameterInfo kParameters[] = {weight_ih(kGates), weight_hh(kGates),
                                                  bias_ih(kGates, gate_starts_at(1, 2.0f)),
                                                  bias_hh(kGates)};
  static constexpr StateInfo kStates[] = {kH};
  static constexpr int kStages = 1;
  static constexpr int kSaved = 4;  // n, r, z, U_n h' + d_n
  static constexpr bool kPassesDh = true;

  // Four sums: the input's share of n, r, z, and, separately, the recurrent share of n, which r
  // multiplies.
  template <int>
  struct Stage {
    static constexpr int kGates = 3, kSums = 4, kBlocks = 1;
    static constexpr int kInputGates[] = {2, 0, 1};   // n, r, z
    static constexpr int kHiddenGates[] = {0, 1, 2};  // r, z, n

    template <int N>
    static SKRNN_INLINE void forward(const Units<N>& u) {
      using V = Wide<N>;
      const V r = sigmoid(u.sum(1)), z = sigmoid(u.sum(2)), hidden_n = u.sum(3);
      const V n = tanh(mul_add(r, hidden_n, u.sum(0)));
      u.set_h(interpolate(z, n, u.h_prev()));
      if (u.saves) {
        u.save(0, n);
        u.save(1, r);
        u.save(2, z);
        u.save(3, hidden_n);
      }
    }

    template <int N>
    static SKRNN_INLINE void backward(const UnitGradients<N>& u) {
      using V = Wide<N>;
      const V n = u.saved(0), r = u.saved(1), z = u.saved(2), hidden_n = u.saved(3), dh = u.dh();
      const V dn = mul(mul(dh, sub(V(splat(1.0f)), z)), tanh_slope(n));
      u.set_dsum(0, dn);
      u.set_dsum(1, mul(mul(dn, hidden_n), sigmoid_slope(r)));
      u.set_dsum(2, mul(mul(dh, sub(u.h_prev(), n)), sigmoid_slope(z)));
      u.set_dsum(3, mul(dn, r));
      u.set_dh(mul(dh, z));
    }
  };
};

}  // namespace skrnn::SKRNN_ISA
