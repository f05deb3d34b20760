// One minibatch through the sequence network, forward and backward.
#pragma once

#include <optional>
#include <vector>

#include "network/dense.h"
#include "network/dropout.h"
#include "network/embedding.h"
#include "network/gradient_ranges.h"
#include "network/horizon.h"
#include "network/minibatch.h"
#include "network/output_rows.h"
#include "network/packed_network.h"
#include "network/pooling.h"
#include "network/projection.h"
#include "network/side_channels.h"
#include "network/spelling.h"
#include "network/stack.h"

namespace skrnn {

class NetworkPass {
 public:
  // `packed` must outlive the object; a pass uses the parameters loaded at that time. If it does
  // not train, nothing is saved for backward.
  explicit NetworkPass(const PackedNetwork& packed);

  // Rows of outputs for that minibatch: its sequences, by rank, or its rows.
  std::int64_t output_rows(const Minibatch& batch) const;
  std::int64_t output_floats(const Minibatch& batch) const;

  // Outputs [output_rows, K], and behind them the transition scores of a network that has some, in
  // all output_floats; valid until the next call. `dropout` is null outside training;
  // `states` are read and replaced, or null for zeros.
  const float* forward(const Minibatch& batch, const Dropout* dropout, CarriedStates* states,
                       int threads);

  // The gradients of the last forward pass, of every parameter, in the arena's order; `ranges` says
  // where they are written. With `dh_steps`, also dL/dh of every layer and direction: [layer *
  // directions + direction] buffers by Batch::packed_row.
  void backward(const Minibatch& batch, const float* doutputs, float* gradient,
                GradientRanges& ranges, int threads,
                std::vector<Buffer<float>>* dh_steps = nullptr);

 private:
  std::int64_t num_parameters_;
  OutputRows rows_;
  const NetworkParts& parts_;
  std::optional<EmbeddingPass> embedding_;
  std::optional<SpellingPass> spelling_;
  std::optional<ProjectionPass> projection_;
  std::optional<SideChannelsPass> side_;
  DropoutPass input_dropout_;  // of the stack's input
  StackPass stack_;
  std::optional<HorizonPass> horizon_;
  std::optional<DensePass> future_;
  PoolingPass pooling_;
  DropoutPass dropout_;  // of the head's input
  DensePass head_;
  Workspace<float> dfuture_;  // [B * M, I], the gradient by the outputs of `future_`
};

}  // namespace skrnn
