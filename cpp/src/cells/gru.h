// Gated recurrent unit with the reset gate after the product, as PyTorch and cuDNN have it
// (Cho et al. 2014, in the variant of Appleyard et al. 2016):
//
//   r = sigmoid(W_r x + U_r h' + b_r)      n = tanh(W_n x + b_n + r (U_n h' + d_n))
//   z = sigmoid(W_z x + U_z h' + b_z)      h = (1 - z) n + z h'
#pragma once

#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct Gru {
  static constexpr const char* kName = "gru";
  static constexpr int kGates = 3;
  static constexpr int kStates = 1;
  static constexpr int kStages = 1;
  static constexpr int kSaved = 4;  // n, r, z, U_n h' + d_n
  static constexpr bool kPassesDh = true;

  // Four sums: the input's share of n, r, z, and the recurrent share of n, which r must meet alone.
  template <int>
  struct Stage {
    static constexpr int kGates = 3, kSums = 4, kBlocks = 1;
    static constexpr int kInputGates[] = {2, 0, 1};   // n, r, z
    static constexpr int kHiddenGates[] = {0, 1, 2};  // r, z, n

    static SKRNN_INLINE void forward(const float* sums, const Unit& u) {
      const Packet r = sigmoid(load(sums + kLanes)), z = sigmoid(load(sums + 2 * kLanes));
      const Packet hidden_n = load(sums + 3 * kLanes);
      const Packet n = tanh(mul_add(r, hidden_n, load(sums)));
      store(u.h, mul_add(z, sub(load(u.h_prev, u.lanes), n), n), u.lanes);
      if (u.saved) {
        u.save(0, n);
        u.save(1, r);
        u.save(2, z);
        u.save(3, hidden_n);
      }
    }

    static SKRNN_INLINE void backward(const UnitGradient& u) {
      const Packet n = u.saved_at(0), r = u.saved_at(1), z = u.saved_at(2);
      const Packet hidden_n = u.saved_at(3);
      const Packet dh = load(u.dh);
      const Packet dn = mul(mul(dh, sub(splat(1.0f), z)), tanh_slope(n));
      u.put(0, dn);
      u.put(1, mul(mul(dn, hidden_n), sigmoid_slope(r)));
      u.put(2, mul(mul(dh, sub(load(u.h_prev, u.lanes), n)), sigmoid_slope(z)));
      u.put(3, mul(dn, r));
      store(u.dh, mul(dh, z));
    }
  };
};

}  // namespace skrnn::SKRNN_ISA
