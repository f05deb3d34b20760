// One minibatch through the sequence network, forward and backward.
#pragma once

#include <optional>
#include <vector>

#include "network/dense.h"
#include "network/dropout.h"
#include "network/embedding.h"
#include "network/minibatch.h"
#include "network/output_rows.h"
#include "network/packed_network.h"
#include "network/pooling.h"
#include "network/stack.h"

namespace skrnn {

class NetworkPass {
 public:
  // `packed` has to stay; every pass uses what it holds by then. Where it only predicts, nothing is
  // saved for backward.
  explicit NetworkPass(const PackedNetwork& packed);

  // Rows of outputs for that minibatch: its sequences, by rank, or its rows.
  std::int64_t output_rows(const Minibatch& batch) const;

  // Outputs [output_rows, K], valid until the next call. `dropout` is null outside training;
  // `states` are read and replaced, or null for zeros.
  const float* forward(const Minibatch& batch, const Dropout* dropout, CarriedStates* states,
                       int threads);

  // Of the last forward pass. The gradient of every parameter, in the arena's order. With
  // `dh_steps`, also dL/dh of every layer and direction: [layer * directions + direction] buffers
  // by Batch::packed_row.
  void backward(const Minibatch& batch, const float* doutputs, float* gradient, int threads,
                std::vector<Buffer<float>>* dh_steps = nullptr);

 private:
  OutputRows rows_;
  const NetworkParts& parts_;
  std::optional<EmbeddingPass> embedding_;
  StackPass stack_;
  PoolingPass pooling_;
  DropoutPass dropout_;  // of what the head reads
  DensePass head_;
};

}  // namespace skrnn
