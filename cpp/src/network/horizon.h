// Steps after the end of each sequence, all at once: the stack takes one more step for each of them
// from its last states, reading a learned vector of the step in place of an input. The "parallel
// multi-step forecasting" of Lin et al., "SegRNN" (arXiv:2308.11200).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "layer/parallel_steps.h"
#include "network/parameter_list.h"
#include "network/stack.h"

namespace skrnn {

// The vectors of the M steps, the parameter <name>.weight [M, I], as wide as what the stack reads.
// It is read in place, so `parameters` must outlive the object.
class Horizon {
 public:
  Horizon(ParameterList& parameters, const std::string& name, std::int64_t steps,
          std::int64_t columns);

  void load(const float* parameters) { vectors_ = parameters + offset_; }

  std::int64_t steps() const { return steps_; }  // M
  const float* vectors() const { return vectors_; }
  float* gradient(float* arena) const { return arena + offset_; }

 private:
  std::int64_t steps_, offset_;
  const float* vectors_ = nullptr;
};

// The steps in one pass of a minibatch. Rows of results are those of rank 0, then those of rank 1,
// and so on. The stack has one direction.
class HorizonPass {
 public:
  HorizonPass(const Horizon& horizon, const Stack& stack, bool trains)
      : horizon_(horizon), stack_(stack), trains_(trains) {}

  // h [B * M, H] after each of the steps, given the pass that has just read the B sequences; valid
  // until the next call. With `extra` [B * M, I], which may be null, a step reads the sum of its
  // vector and its row of `extra`.
  const float* forward(const StackPass& read, std::int64_t sequences, const float* extra,
                       int threads);

  // The gradients of the last forward pass: returns those by the last states of the sequences. The
  // gradient of the vectors is written to its place in the arena `gradient`; that of the stack's
  // parameters is kept for `add_parameters`. With `dextra` [B * M, I], which is null if `extra`
  // was, also that by `extra`.
  const StateGradients& backward(const float* dh /* [B * M, H] */, float* gradient, float* dextra,
                                 int threads);

  // Adds the gradient of the stack's parameters to the one that its own pass has written.
  void add_parameters(float* gradient) const;

 private:
  const Horizon& horizon_;
  const Stack& stack_;
  const bool trains_;
  std::int64_t sequences_ = 0;                          // B, of the last forward pass
  std::vector<std::unique_ptr<ParallelSteps>> layers_;  // made by the first forward pass
  Workspace<float> x_;                                  // [B * M, I], with `extra`
  std::vector<Workspace<float>> dx_;                    // [layer] of [B * M, H], above the first
  StateGradients dstates_;
  Workspace<float> gradient_;  // an arena, of which the stack's range is used
};

}  // namespace skrnn
