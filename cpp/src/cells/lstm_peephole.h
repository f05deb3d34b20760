// Long short-term memory whose gates see the cell's state through peepholes (Gers & Schmidhuber,
// IJCNN 2000, in the form of Graves, arXiv:1308.0850, with vectors p and the new c in o):
//
//   i = sigmoid(W_i x + U_i h' + p_i c' + b_i)      g = tanh(W_g x + U_g h' + b_g)
//   f = sigmoid(W_f x + U_f h' + p_f c' + b_f)      c = f c' + i g
//   o = sigmoid(W_o x + U_o h' + p_o c + b_o)       h = o tanh(c)
#pragma once

#include "simd/parameters.h"
#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct LstmPeephole {
  static constexpr const char* kName = "lstm_peephole";
  static constexpr int kGates = 4;
  // The bias of the forget gate starts as in lstm.h, and the peepholes at zero.
  static constexpr ParameterInfo kParameters[] = {
      weight_ih(kGates),        weight_hh(kGates),         bias_ih(kGates, gate_starts_at(1, 1.0f)),
      bias_hh(kGates),          unit_vector("peephole_i"), unit_vector("peephole_f"),
      unit_vector("peephole_o")};
  static constexpr StateInfo kStates[] = {kH, {"c", kUnits}};
  static constexpr int kC = 1;                                // index of c in kStates
  static constexpr int kInput = 0, kForget = 1, kOutput = 2;  // indices of the peephole vectors
  static constexpr int kStages = 1;
  static constexpr int kSaved = 4;          // i, f, g, o
  static constexpr bool kPassesDh = false;  // dL/dh' flows through the recurrent weights alone

  template <int>
  struct Stage {
    static constexpr int kGates = 4, kSums = 4, kBlocks = 1;
    static constexpr int kInputGates[] = {0, 1, 2, 3};  // i, f, g, o
    static constexpr int kHiddenGates[] = {0, 1, 2, 3};

    template <int N>
    static SKRNN_INLINE void forward(const Units<N>& u) {
      using V = Wide<N>;
      const V c_prev = u.state_prev(kC);
      const V i = sigmoid(mul_add(u.vector(kInput), c_prev, u.sum(0)));
      const V f = sigmoid(mul_add(u.vector(kForget), c_prev, u.sum(1)));
      const V g = tanh(u.sum(2));
      const V c = mul_add(f, c_prev, mul(i, g));
      const V o = sigmoid(mul_add(u.vector(kOutput), c, u.sum(3)));
      u.set_state(kC, c);
      u.set_h(mul(o, tanh(c)));
      if (u.saves) {
        u.save(0, i);
        u.save(1, f);
        u.save(2, g);
        u.save(3, o);
      }
    }

    template <int N>
    static SKRNN_INLINE void backward(const UnitGradients<N>& u) {
      using V = Wide<N>;
      const V i = u.saved(0), f = u.saved(1), g = u.saved(2), o = u.saved(3);
      const V c = u.state(kC), c_prev = u.state_prev(kC), tanh_c = tanh(c), dh = u.dh();
      const V do_sum = mul(mul(dh, tanh_c), sigmoid_slope(o));
      const V dc =
          mul_add(u.vector(kOutput), do_sum, mul_add(mul(dh, o), tanh_slope(tanh_c), u.dstate(kC)));
      const V di_sum = mul(mul(dc, g), sigmoid_slope(i));
      const V df_sum = mul(mul(dc, c_prev), sigmoid_slope(f));
      u.set_dsum(0, di_sum);
      u.set_dsum(1, df_sum);
      u.set_dsum(2, mul(mul(dc, i), tanh_slope(g)));
      u.set_dsum(3, do_sum);
      u.set_dvector(kInput, mul(di_sum, c_prev));
      u.set_dvector(kForget, mul(df_sum, c_prev));
      u.set_dvector(kOutput, mul(do_sum, c));
      u.set_dstate(
          kC, mul_add(u.vector(kInput), di_sum, mul_add(u.vector(kForget), df_sum, mul(dc, f))));
    }
  };
};

}  // namespace skrnn::SKRNN_ISA
