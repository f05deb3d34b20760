// Pooling: what the features of a sequence become before the head.
#pragma once

#include <cmath>
#include <vector>

#include "network/minibatch.h"
#include "skrnn/network.h"

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

// Mean, max and attention over the rows of a minibatch. The last states need no pooling of rows:
// the first F columns of kLastMeanMax are the caller's to fill, and to give their gradient back.
class Pooler {
 public:
  Pooler(Pooling kind, std::int64_t features) : kind_(kind), features_(features) {}

  // `pooled` and `dpooled` are [B, P], P = NetworkLayout::head_inputs(); `query` ([F]) is
  // attention's.
  void forward(const Minibatch& batch, const float* h /* [rows, F] */, const float* query,
               float* pooled);
  // Of the last minibatch that went forward. `dquery` is written whole.
  void backward(const Minibatch& batch, const float* h, const float* query, const float* dpooled,
                float* dh /* [rows, F] */, float* dquery);

 private:
  // Of F columns of rows that are `stride` long; dh is added to.
  void mean(const Minibatch& batch, const float* h, float* pooled, std::int64_t stride);
  void max(const Minibatch& batch, const float* h, float* pooled, std::int64_t stride);
  void attend(const Minibatch& batch, const float* h, const float* query, float* pooled);
  void mean_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                     float* dh) const;
  void max_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                    float* dh) const;
  void attend_backward(const Minibatch& batch, const float* h, const float* query,
                       const float* dpooled, float* dh, float* dquery) const;

  Pooling kind_;
  std::int64_t features_;
  std::vector<std::int64_t> largest_;  // [B, F] rows where the maxima stand
  std::vector<double> sums_;           // [B, F]
  std::vector<double> attention_;      // [rows]
};

}  // namespace skrnn
