#include "serving/running_horizon.h"

#include <algorithm>

#include "layer/shared_steps.h"

namespace skrnn {

RunningHorizon::RunningHorizon(const Horizon& horizon, const Stack& stack, std::int64_t batch_size)
    : horizon_(horizon), stack_(stack), batch_size_(batch_size) {
  for (std::int64_t layer = 0; layer < stack.shape().num_layers; ++layer) {
    std::unique_ptr<ParallelSteps> steps = SharedSteps::make(stack.layer(layer, 0), false);
    if (steps != nullptr) layers_.push_back(std::move(steps));
  }
  if (layers_.empty()) {
    const std::int64_t floats = horizon.steps() * stack.shape().input_size;
    apart_.emplace(stack, batch_size * horizon.steps());
    x_ = make_buffer<float>(batch_size * floats);
    for (std::int64_t b = 0; b < batch_size; ++b) {
      std::copy_n(horizon.vectors(), floats, x_.get() + b * floats);
    }
    return;
  }
  // The first call takes the working memory of all later ones.
  RunningStack nothing(stack, batch_size);
  for (std::int64_t b = 0; b < batch_size; ++b) nothing.reset(b);
  step(nothing);
}

const float* RunningHorizon::step(RunningStack& read) noexcept {
  if (apart_) return step_apart(read);
  const float* x = horizon_.vectors();
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
    const float* states[kMostStates] = {};
    for (std::size_t k = 0; k < read.cell().states.size(); ++k) {
      states[k] = read.state(static_cast<std::int64_t>(layer), k);
    }
    x = layers_[layer]->forward({batch_size_, horizon_.steps(), x, layer == 0}, states, 1);
  }
  return x;
}

const float* RunningHorizon::step_apart(RunningStack& read) noexcept {
  const std::int64_t H = stack_.shape().hidden_size, M = horizon_.steps();
  for (std::int64_t layer = 0; layer < stack_.shape().num_layers; ++layer) {
    for (std::size_t k = 0; k < read.cell().states.size(); ++k) {
      const float* from = read.state(layer, k);
      float* to = apart_->state(layer, k);
      for (std::int64_t row = 0; row < batch_size_ * M; ++row) {
        std::copy_n(from + row / M * H, H, to + row * H);
      }
    }
  }
  return apart_->step(x_.get());
}

}  // namespace skrnn
