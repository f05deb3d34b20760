// Parallel steps that share what they have in common: the products of an input are computed once
// for all its sequences, and those of a state once for all its steps.
#pragma once

#include <vector>

#include "base/buffer.h"
#include "layer/parallel_steps.h"

namespace skrnn {

class SharedSteps : public ParallelSteps {
 public:
  // Null for a layer whose cell has two stages.
  static std::unique_ptr<ParallelSteps> make(const Layer& layer, bool trains);

  const float* forward(const StepInputs& inputs, const float* const* states, int threads) override;
  void backward(const float* dy, float* dx, float* const* dstates, const LayerGradients& gradients,
                int threads) override;

 private:
  SharedSteps(const Layer& layer, bool trains) : layer_(*layer.impl_), trains_(trains) {}

  // Sequences are taken in chunks, so that the sums of inputs of their own stay in cache.
  Index chunk_sequences() const;
  Index chunk_rows() const;  // of inputs
  // Calls f(sequences, rows of inputs, offset in the sums of inputs) for each chunk.
  template <class F>
  void for_each_chunk(F&& f) const;

  int useful_threads(int wanted) const;
  OperandArgs input_args(Range rows) const;
  OperandArgs state_args() const;
  ParallelArgs row_args(Range sequences) const;

  const Layer::Impl& layer_;
  const bool trains_;
  StepInputs inputs_{};  // of the last forward pass
  std::vector<const float*> states_;
  Workspace<float> y_;                        // [B * M, H]
  Workspace<float> input_sums_, state_sums_;  // of all inputs, or without `trains` of one chunk
  Workspace<float> dinput_sums_, dstate_sums_;
  Workspace<float> x_columns_, h_columns_;  // transposed
  Workspace<float> gradient_;               // packed
  Workspace<char> scratch_;
};

}  // namespace skrnn
