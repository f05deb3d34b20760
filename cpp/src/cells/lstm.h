// Long short-term memory (Hochreiter & Schmidhuber 1997) with the forget gate of Gers et al. (2000):
//
//   i = sigmoid(W_i x + U_i h' + b_i)      g = tanh(W_g x + U_g h' + b_g)
//   f = sigmoid(W_f x + U_f h' + b_f)      o = sigmoid(W_o x + U_o h' + b_o)
//   c = f c' + i g                         h = o tanh(c)
#pragma once

#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct Lstm {
  static constexpr const char* kName = "lstm";
  static constexpr int kGates = 4;
  static constexpr int kStates = 2;
  static constexpr int kStages = 1;
  static constexpr int kSaved = 4;           // i, f, g, o
  static constexpr bool kPassesDh = false;   // dL/dh' flows through the recurrent weights alone

  template <int>
  struct Stage {
    static constexpr int kGates = 4, kSums = 4, kBlocks = 1;
    static constexpr int kInputGates[] = {0, 1, 2, 3};  // i, f, g, o
    static constexpr int kHiddenGates[] = {0, 1, 2, 3};

    static SKRNN_INLINE void forward(const float* sums, const Unit& u) {
      const Packet i = sigmoid(load(sums)), f = sigmoid(load(sums + kLanes));
      const Packet g = tanh(load(sums + 2 * kLanes)), o = sigmoid(load(sums + 3 * kLanes));
      const Packet c = mul_add(f, load(u.c_prev, u.lanes), mul(i, g));
      store(u.c, c, u.lanes);
      store(u.h, mul(o, tanh(c)), u.lanes);
      if (u.saved) {
        u.save(0, i);
        u.save(1, f);
        u.save(2, g);
        u.save(3, o);
      }
    }

    static SKRNN_INLINE void backward(const UnitGradient& u) {
      const Packet i = u.saved_at(0), f = u.saved_at(1), g = u.saved_at(2), o = u.saved_at(3);
      const Packet tanh_c = tanh(load(u.c, u.lanes));
      const Packet dh = load(u.dh);
      const Packet dc = mul_add(mul(dh, o), tanh_slope(tanh_c), load(u.dc));
      u.put(0, mul(mul(dc, g), sigmoid_slope(i)));
      u.put(1, mul(mul(dc, load(u.c_prev, u.lanes)), sigmoid_slope(f)));
      u.put(2, mul(mul(dc, i), tanh_slope(g)));
      u.put(3, mul(mul(dh, tanh_c), sigmoid_slope(o)));
      store(u.dc, mul(dc, f));
    }
  };
};

}  // namespace skrnn::SKRNN_ISA
