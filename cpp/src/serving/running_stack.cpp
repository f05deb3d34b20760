#include "serving/running_stack.h"

#include <algorithm>

namespace skrnn {

RunningStack::RunningStack(const Stack& stack, std::int64_t batch_size)
    : stack_(stack),
      batch_size_(batch_size),
      state_(cell().states.size()),
      next_state_(cell().states.size()) {
  const std::int64_t size = batch_size * stack.shape().hidden_size;
  std::size_t bytes = 0;
  for (std::int64_t layer = 0; layer < stack.shape().num_layers; ++layer) {
    std::vector<Buffer<float>>& states = states_.emplace_back();
    for (std::size_t k = 0; k < state_.size(); ++k) states.push_back(make_buffer<float>(size));
    next_h_.push_back(make_buffer<float>(size));
    bytes = std::max(bytes, stack.layer(layer, 0).step_scratch());
  }
  scratch_ = make_buffer<char>(static_cast<std::int64_t>(bytes));
}

void RunningStack::reset(std::int64_t b) noexcept {
  const std::int64_t H = stack_.shape().hidden_size;
  for (auto& layer : states_) {
    for (auto& state : layer) std::fill_n(state.get() + b * H, H, 0.0f);
  }
}

const float* RunningStack::step(const float* x) noexcept {
  for (std::size_t layer = 0; layer < states_.size(); ++layer) {
    std::vector<Buffer<float>>& own = states_[layer];
    for (std::size_t k = 0; k < own.size(); ++k) state_[k] = next_state_[k] = own[k].get();
    next_state_[0] = next_h_[layer].get();
    stack_.layer(static_cast<std::int64_t>(layer), 0)
        .step(batch_size_, x, state_.data(), next_state_.data(), scratch_.get(), descending_);
    own[0].swap(next_h_[layer]);
    x = own[0].get();
  }
  descending_ = !descending_;
  return x;
}

}  // namespace skrnn
