// The simple recurrent network (Elman 1990):  h = f(W x + U h' + b)  with f = tanh or relu.
#pragma once

#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct TanhFunction {
  static constexpr const char* kCellName = "rnn";
  static SKRNN_INLINE Packet value(Packet a) { return tanh(a); }
  static SKRNN_INLINE Packet slope(Packet h) { return tanh_slope(h); }
};

struct ReluFunction {
  static constexpr const char* kCellName = "rnn_relu";
  static SKRNN_INLINE Packet value(Packet a) { return positive_part(a); }
  static SKRNN_INLINE Packet slope(Packet h) { return is_positive(h); }
};

template <class Function>
struct Rnn {
  static constexpr const char* kName = Function::kCellName;
  static constexpr int kGates = 1;
  static constexpr int kStates = 1;
  static constexpr int kStages = 1;
  static constexpr int kSaved = 0;  // the slope of f follows from h itself
  static constexpr bool kPassesDh = false;

  template <int>
  struct Stage {
    static constexpr int kGates = 1, kSums = 1, kBlocks = 4;
    static constexpr int kInputGates[] = {0};
    static constexpr int kHiddenGates[] = {0};

    static SKRNN_INLINE void forward(const float* sums, const Unit& u) {
      store(u.h, Function::value(load(sums)), u.lanes);
    }

    static SKRNN_INLINE void backward(const UnitGradient& u) {
      u.put(0, mul(load(u.dh), Function::slope(load(u.h, u.lanes))));
    }
  };
};

}  // namespace skrnn::SKRNN_ISA
