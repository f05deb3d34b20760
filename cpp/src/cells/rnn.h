// The simple recurrent network (Elman 1990):  h = f(W x + U h' + b)  with f = tanh or relu.
#pragma once

#include "simd/parameters.h"
#include "simd/unit.h"

namespace skrnn::SKRNN_ISA {

struct TanhFunction {
  static constexpr const char* kCellName = "rnn";
  template <class V>
  static SKRNN_INLINE V value(V a) {
    return tanh(a);
  }
  template <class V>
  static SKRNN_INLINE V slope(V h) {
    return tanh_slope(h);
  }
};

struct ReluFunction {
  static constexpr const char* kCellName = "rnn_relu";
  template <class V>
  static SKRNN_INLINE V value(V a) {
    return at_least(a, V(splat(0.0f)));
  }
  template <class V>
  static SKRNN_INLINE V slope(V h) {
    return is_positive(h);
  }
};

template <class Function>
struct Rnn {
  static constexpr const char* kName = Function::kCellName;
  static constexpr int kGates = 1;
  static constexpr ParameterInfo kParameters[] = {weight_ih(kGates), weight_hh(kGates),
                                                  bias_ih(kGates), bias_hh(kGates)};
  static constexpr StateInfo kStates[] = {kH};
  static constexpr int kStages = 1;
  static constexpr int kSaved = 0;  // the slope of f follows from h itself
  static constexpr bool kPassesDh = false;

  template <int>
  struct Stage {
    static constexpr int kGates = 1, kSums = 1, kBlocks = 4;
    static constexpr int kInputGates[] = {0};
    static constexpr int kHiddenGates[] = {0};

    template <int N>
    static SKRNN_INLINE void forward(const Units<N>& u) {
      u.set_h(Function::value(u.sum(0)));
    }

    template <int N>
    static SKRNN_INLINE void backward(const UnitGradients<N>& u) {
      u.set_dsum(0, mul(u.dh(), Function::slope(u.h())));
    }
  };
};

}  // namespace skrnn::SKRNN_ISA
