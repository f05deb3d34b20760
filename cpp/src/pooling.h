// Pooling: what the features of a sequence become before the head.
#pragma once

#include "buffer.h"
#include "minibatch.h"
#include "skrnn/sequence_model.h"

namespace skrnn {

// Mean, max and attention over the rows of a minibatch. The last states need no pooling of rows.
class Pooler {
 public:
  Pooler(Pooling kind, std::int64_t features) : kind_(kind), features_(features) {}

  // `query` ([F]) is attention's.
  void forward(const Minibatch& batch, const float* h /* [rows, F] */, const float* query,
               float* pooled /* [B, F] */);
  // Of the last minibatch that went forward. `dquery` is written whole.
  void backward(const Minibatch& batch, const float* h, const float* query, const float* dpooled,
                float* dh /* [rows, F] */, float* dquery);

 private:
  Pooling kind_;
  std::int64_t features_;
  std::vector<std::int64_t> lengths_;  // [B]
  std::vector<std::int64_t> largest_;  // [B, F] rows where the maxima stand
  std::vector<double> attention_;      // [rows]
};

}  // namespace skrnn
