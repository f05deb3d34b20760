// Steps of a layer in parallel: M steps of each of B sequences, all from the same states of that
// sequence.
#pragma once

#include <memory>

#include "layer/kernel_table.h"
#include "skrnn/layer.h"

namespace skrnn {

// What the steps read.
struct StepInputs {
  Index sequences;  // B
  Index steps;      // M, of each sequence
  const float* x;   // [B * M, I], or [M, I] if all sequences read the same
  bool shared;      // true if they do

  Index rows() const { return sequences * steps; }
  Index input_rows() const { return shared ? steps : rows(); }
};

// The steps in one pass, forward and backward. Row b * M + m is step m of sequence b.
class ParallelSteps {
 public:
  virtual ~ParallelSteps() = default;

  // h [B * M, H] after each step, from `states` ([B, H] each); valid until the next call. What the
  // arguments point to must stay valid until backward.
  virtual const float* forward(const StepInputs& inputs, const float* const* states,
                               int threads) = 0;

  // The gradients of the last forward pass: by x, of its shape, by the states, and by the layer's
  // parameters. All are wanted, and overwritten.
  virtual void backward(const float* dy /* [B * M, H] */, float* dx,
                        float* const* dstates /* [B, H] each */, const LayerGradients& gradients,
                        int threads) = 0;
};

// The steps of a layer, which must outlive the result. If `trains` is false, there is no backward.
std::unique_ptr<ParallelSteps> make_parallel_steps(const Layer& layer, bool trains);

}  // namespace skrnn
