// Which units are dropped: a function of where they stand, and of nothing else.
#pragma once

#include <cstdint>

namespace skrnn {

// The places of a network that have masks: 4 * layer + one of these.
enum class DropoutSite : std::uint32_t { kOutput = 0, kRecurrent = 1, kRecurrentReverse = 2 };

// The masks of one epoch. They depend on the sample, not on its place in a minibatch, and on the
// step in the sequence, not in a cut of it.
struct Dropout {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  double rate = 0;            // between layers, and before the head
  double recurrent_rate = 0;  // of h_{t-1} where it meets the recurrent weights

  // What `units` units are multiplied by: 0, or 1 / (1 - rate) (inverted dropout; Srivastava et
  // al., JMLR 15, 2014). `step` is 0 where one mask serves all steps.
  void mask(double rate, std::int64_t layer, DropoutSite site, std::int64_t sample,
            std::int64_t step, std::int64_t units, float* mask) const;
};

}  // namespace skrnn
