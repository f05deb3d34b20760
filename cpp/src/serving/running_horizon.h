// The steps to come of B sequences, all at once, as a HorizonPass takes them: the same bits, and
// nothing is allocated.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/buffer.h"
#include "layer/parallel_steps.h"
#include "network/horizon.h"
#include "serving/running_stack.h"

namespace skrnn {

class RunningHorizon {
 public:
  // `horizon` and `stack` must outlive the object. The stack has one direction.
  RunningHorizon(const Horizon& horizon, const Stack& stack, std::int64_t batch_size);

  // h [B * M, H] after each of the M steps, given the stack that has read the B sequences; valid
  // until the next call. The caller is responsible for flushing subnormals.
  const float* step(RunningStack& read) noexcept;

 private:
  const float* step_apart(RunningStack& read) noexcept;

  const Horizon& horizon_;
  const Stack& stack_;
  const std::int64_t batch_size_;
  std::vector<std::unique_ptr<ParallelSteps>> layers_;  // of a cell whose steps share their work
  // Of another cell: B * M sequences that take one step, and what they read, [B * M, I].
  std::optional<RunningStack> apart_;
  Buffer<float> x_;
};

}  // namespace skrnn
