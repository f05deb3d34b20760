// Pooling: what the features of a sequence become before the head.
#pragma once

#include <cmath>
#include <vector>

#include "minibatch.h"
#include "skrnn/sequence_model.h"

namespace skrnn {

// What one more step does to a maximum: a NaN is not lost, it is larger than anything.
inline bool is_new_maximum(float value, float maximum) {
  return value > maximum || std::isnan(value);
}

inline void mean_of_steps(std::int64_t n, const double* sums, std::int64_t steps, float* mean) {
  for (std::int64_t f = 0; f < n; ++f) {
    mean[f] = static_cast<float>(sums[f] / static_cast<double>(steps));
  }
}

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
  std::vector<double> sums_;           // [B, F]
  std::vector<double> attention_;      // [rows]
};

}  // namespace skrnn
