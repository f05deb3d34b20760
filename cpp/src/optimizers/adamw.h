// Adam with weight decay apart from the gradient (Loshchilov & Hutter, arXiv:1711.05101):
//
//   p = (1 - rate decay) p, then a step of Adam without decay
#pragma once

#include "optimizers/adam.h"

namespace skrnn::SKRNN_ISA {

struct AdamW {
  static constexpr const char* kName = "adamw";
  static constexpr int kStates = Adam::kStates;
  static constexpr double kBeta1 = Adam::kBeta1, kBeta2 = Adam::kBeta2;

  static SKRNN_INLINE Packet update(const Rates& r, Packet p, Packet g, Packet& m, Packet& v) {
    const Packet decayed = sub(p, mul(mul(r.learning_rate, r.decay), p));
    return Adam::descend(r, decayed, g, m, v);
  }
};

}  // namespace skrnn::SKRNN_ISA
