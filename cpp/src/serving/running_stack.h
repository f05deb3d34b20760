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
  // `stack` has one direction and must outlive the object.
  RunningStack(const Stack& stack, std::int64_t batch_size);

  void reset(std::int64_t b) noexcept;
  // [B, H], the last layer's h; valid until the next call. Allocates nothing; the caller is
  // responsible for flushing subnormals.
  const float* step(const float* x /* [B, inputs] */) noexcept;

  const CellInfo& cell() const noexcept { return stack_.layer(0, 0).cell(); }
  float* state(std::int64_t layer, std::size_t state) noexcept {  // [B, H]
    return states_[static_cast<std::size_t>(layer)][state].get();
  }

 private:
  const Stack& stack_;
  std::int64_t batch_size_;
  // [layer][state][B, H], in the order of CellInfo::states. A layer writes its new h to next_h_,
  // then the two buffers are swapped. The other states are updated in place.
  std::vector<std::vector<Buffer<float>>> states_;
  std::vector<Buffer<float>> next_h_;  // [layer][B, H]
  std::vector<const float*> state_;    // of the current layer, before its step
  std::vector<float*> next_state_;     // and after it
  Buffer<char> scratch_;
  bool descending_ = false;  // alternates from step to step, see Layer::step
};

}  // namespace skrnn
