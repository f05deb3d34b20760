// A stack of layers that reads B sequences side by side, one step at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "network/stack.h"

namespace skrnn {

class RunningStack {
 public:
  // Runs the layers of one direction of `stack`, which must outlive the object. If it has both, it
  // is one layer, and the caller hands the steps to direction 1 from last to first.
  RunningStack(const Stack& stack, std::int64_t batch_size, std::int64_t direction = 0);

  void reset(std::int64_t b) noexcept;
  // [B, H], the last layer's h; valid until the next call. Allocates nothing; the caller is
  // responsible for flushing subnormals.
  const float* step(const float* x /* [B, inputs] */) noexcept;

  const CellInfo& cell() const noexcept { return stack_.layer(0, 0).cell(); }
  float* state(std::int64_t layer, std::size_t state) noexcept {  // [B, H]
    return layers_[static_cast<std::size_t>(layer)].state[state];
  }

 private:
  // The states of a layer, [B, H] each, in the order of CellInfo::states. A step reads `state` and
  // writes `next_state`. The two differ in h only, which they exchange after each step; the other
  // states are updated in place.
  struct RunningLayer {
    std::vector<Buffer<float>> buffers;
    float* state[kMostStates] = {};
    float* next_state[kMostStates] = {};
  };

  const Stack& stack_;
  std::int64_t batch_size_, direction_;
  std::vector<RunningLayer> layers_;
  Buffer<char> scratch_;
  bool descending_ = false;  // alternates from step to step, see Layer::step
};

}  // namespace skrnn
