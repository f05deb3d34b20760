#include "serving/running_stack.h"

#include <algorithm>
#include <utility>

namespace skrnn {

RunningStack::RunningStack(const Stack& stack, std::int64_t batch_size, std::int64_t direction)
    : stack_(stack), batch_size_(batch_size), direction_(direction) {
  const std::int64_t size = batch_size * stack.shape().hidden_size;
  std::size_t bytes = 0;
  for (std::int64_t layer = 0; layer < stack.shape().num_layers; ++layer) {
    RunningLayer& own = layers_.emplace_back();
    const auto take = [&] { return own.buffers.emplace_back(make_buffer<float>(size)).get(); };
    for (std::size_t k = 0; k < cell().states.size(); ++k)
      own.state[k] = own.next_state[k] = take();
    own.next_state[0] = take();
    bytes = std::max(bytes, stack.layer(layer, direction).step_scratch());
  }
  scratch_ = make_buffer<char>(static_cast<std::int64_t>(bytes));
}

void RunningStack::reset(std::int64_t b) noexcept {
  const std::int64_t H = stack_.shape().hidden_size;
  for (RunningLayer& layer : layers_) {
    for (std::size_t k = 0; k < cell().states.size(); ++k)
      std::fill_n(layer.state[k] + b * H, H, 0.0f);
  }
}

const float* RunningStack::step(const float* x) noexcept {
  std::int64_t place = 0;
  for (RunningLayer& layer : layers_) {
    stack_.layer(place++, direction_)
        .step(batch_size_, x, layer.state, layer.next_state, scratch_.get(), descending_);
    std::swap(layer.state[0], layer.next_state[0]);
    x = layer.state[0];
  }
  descending_ = !descending_;
  return x;
}

}  // namespace skrnn
