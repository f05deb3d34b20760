// Pooling of the hidden states of a sequence, before the head.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "network/minibatch.h"
#include "network/parameter_list.h"
#include "network/stack.h"
#include "skrnn/network.h"

namespace skrnn {

// True if a step's value replaces the maximum of the steps before it. NaN counts as larger than any
// number, so that it is not lost.
inline bool is_new_maximum(float value, float maximum) {
  return value > maximum || std::isnan(value);
}

// Adds a step of n features to the sums of the steps before it. In float64: in float32 a sum would
// stop growing after millions of steps.
inline void add_step(std::int64_t n, const float* h, double* sums) {
  for (std::int64_t f = 0; f < n; ++f) sums[f] += static_cast<double>(h[f]);
}

inline void mean_of_steps(std::int64_t n, const double* sums, std::int64_t steps, float* mean) {
  for (std::int64_t f = 0; f < n; ++f) {
    mean[f] = static_cast<float>(sums[f] / static_cast<double>(steps));
  }
}

// The kind of pooling and, for attention, its query: the parameter <name>.weight [1, F]. It is read
// in place, so `parameters` must outlive the object.
class Pooler {
 public:
  Pooler(ParameterList& parameters, const std::string& name, Pooling kind, std::int64_t features);

  void load(const float* parameters) { query_ = parameters + offset_; }

  Pooling kind() const { return kind_; }
  bool every_step() const { return kind_ == Pooling::kEveryStep; }
  bool reads_last() const { return kind_ == Pooling::kLast || kind_ == Pooling::kLastMeanMax; }

  std::int64_t features() const { return features_; }  // F
  std::int64_t columns() const {                       // P, of the result
    return kind_ == Pooling::kLastMeanMax ? 3 * features_ : features_;
  }
  const float* query() const { return query_; }  // [F], for attention only
  float* query_gradient(float* gradient) const { return gradient + offset_; }

 private:
  Pooling kind_;
  std::int64_t features_;
  std::int64_t offset_ = 0;
  const float* query_ = nullptr;
};

// Pooling in one pass of a minibatch.
class PoolingPass {
 public:
  explicit PoolingPass(const Pooler& pooler) : pooler_(pooler) {}

  // [B, P], or the [rows, P] of every step; valid until the next call, or as long as `states`.
  const float* forward(const Minibatch& batch, const StackOutput& states);
  // The gradients of the last forward pass; `dpooled` must stay valid as long as the result. The
  // query's gradient is written to its place in the arena `gradient`.
  StackOutputGradient backward(const Minibatch& batch, const float* dpooled, float* gradient);

 private:
  // Each pools F columns of rows that are `stride` long; the backward functions add to dh.
  void mean(const Minibatch& batch, float* pooled, std::int64_t stride);
  void max(const Minibatch& batch, float* pooled, std::int64_t stride);
  void attend(const Minibatch& batch, float* pooled);
  void mean_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                     float* dh) const;
  void max_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                    float* dh) const;
  void attend_backward(const Minibatch& batch, const float* dpooled, float* dh,
                       float* dquery) const;

  const Pooler& pooler_;
  const float* h_ = nullptr;           // [rows, F], of the last forward pass
  Workspace<float> pooled_;            // [B, P]
  Workspace<float> dh_, dlast_;        // [rows, F], [B, F]
  std::vector<std::int64_t> largest_;  // [B, F] rows of the maxima
  std::vector<double> sums_;           // [B, F]
  std::vector<double> attention_;      // [rows]
};

}  // namespace skrnn
