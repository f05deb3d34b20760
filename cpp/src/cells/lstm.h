// Long short-term memory (Hochreiter & Schmidhuber 1997) with the forget gate of Gers et al.
// (2000):
//
//   i = sigmoid(W_i x + U_i h' + b_i)      g = tanh(W_g x + U_g h' + b_g)
//   f = sigmoid(W_f x + U_f h' + b_f)      o = sigmoid(W_o x + U_o h' + b_o)
//   c = f c' + i g                         h = o tanh(c)
#pragma once

#include "simd/parameters.h"
#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct Lstm {
  static constexpr const char* kName = "lstm";
  static constexpr int kGates = 4;
  // The bias of the forget gate starts at 1, so that sigmoid(1), 73 %, of c is kept (Jozefowicz,
  // Zaremba & Sutskever, ICML 2015).
  static constexpr ParameterInfo kParameters[] = {weight_ih(kGates), weight_hh(kGates),
                                                  bias_ih(kGates, gate_starts_at(1, 1.0f)),
                                                  bias_hh(kGates)};
  static constexpr StateInfo kStates[] = {kH, {"c", kUnits}};
  static constexpr int kC = 1;  // index of c in kStates
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
      const V i = sigmoid(u.sum(0)), f = sigmoid(u.sum(1));
      const V g = tanh(u.sum(2)), o = sigmoid(u.sum(3));
      const V c = mul_add(f, u.state_prev(kC), mul(i, g));
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
      const V tanh_c = tanh(u.state(kC)), dh = u.dh();
      const V dc = mul_add(mul(dh, o), tanh_slope(tanh_c), u.dstate(kC));
      u.set_dsum(0, mul(mul(dc, g), sigmoid_slope(i)));
      u.set_dsum(1, mul(mul(dc, u.state_prev(kC)), sigmoid_slope(f)));
      u.set_dsum(2, mul(mul(dc, i), tanh_slope(g)));
      u.set_dsum(3, mul(mul(dh, tanh_c), sigmoid_slope(o)));
      u.set_dstate(kC, mul(dc, f));
    }
  };
};

}  // namespace skrnn::SKRNN_ISA
