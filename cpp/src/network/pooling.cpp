#include "network/pooling.h"

#include <algorithm>
#include <cmath>

namespace skrnn {
namespace {

double dot(const float* a, const float* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

void add_scaled(float* to, double scale, const float* from, std::int64_t n) {
  const auto factor = static_cast<float>(scale);
  for (std::int64_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

}  // namespace

void Pooler::forward(const Minibatch& batch, const float* h, const float* query, float* pooled) {
  const std::int64_t F = features_;
  switch (kind_) {
    case Pooling::kMean:
      return mean(batch, h, pooled, F);
    case Pooling::kMax:
      return max(batch, h, pooled, F);
    case Pooling::kAttention:
      return attend(batch, h, query, pooled);
    case Pooling::kLastMeanMax:
      mean(batch, h, pooled + F, 3 * F);
      return max(batch, h, pooled + 2 * F, 3 * F);
    case Pooling::kLast:
    case Pooling::kEveryStep:
      return;
  }
}

void Pooler::backward(const Minibatch& batch, const float* h, const float* query,
                      const float* dpooled, float* dh, float* dquery) {
  const std::int64_t F = features_;
  std::fill_n(dh, batch.rows() * F, 0.0f);
  switch (kind_) {
    case Pooling::kMean:
      return mean_backward(batch, dpooled, F, dh);
    case Pooling::kMax:
      return max_backward(batch, dpooled, F, dh);
    case Pooling::kAttention:
      return attend_backward(batch, h, query, dpooled, dh, dquery);
    case Pooling::kLastMeanMax:
      mean_backward(batch, dpooled + F, 3 * F, dh);
      return max_backward(batch, dpooled + 2 * F, 3 * F, dh);
    case Pooling::kLast:
    case Pooling::kEveryStep:
      return;
  }
}

void Pooler::mean(const Minibatch& batch, const float* h, float* pooled, std::int64_t stride) {
  const std::int64_t F = features_, B = batch.size();
  // In float64: a sum of millions of steps would stand still in float32.
  sums_.assign(static_cast<std::size_t>(B * F), 0.0);
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    for (std::int64_t f = 0; f < F; ++f) sums_[i * F + f] += static_cast<double>(h[row * F + f]);
  });
  for (std::int64_t i = 0; i < B; ++i) {
    mean_of_steps(F, sums_.data() + i * F, batch.batch(false).length(i), pooled + i * stride);
  }
}

void Pooler::mean_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                           float* dh) const {
  const std::int64_t F = features_;
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    const auto length = static_cast<float>(batch.batch(false).length(i));
    for (std::int64_t f = 0; f < F; ++f) dh[row * F + f] += dpooled[i * stride + f] / length;
  });
}

void Pooler::max(const Minibatch& batch, const float* h, float* pooled, std::int64_t stride) {
  const std::int64_t F = features_;
  largest_.resize(static_cast<std::size_t>(batch.size() * F));
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t step) {
    const float* from = h + row * F;
    float* to = pooled + i * stride;
    for (std::int64_t f = 0; f < F; ++f) {
      if (step == batch.first_step() || is_new_maximum(from[f], to[f])) {
        to[f] = from[f];
        largest_[i * F + f] = row;
      }
    }
  });
}

void Pooler::max_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                          float* dh) const {
  const std::int64_t F = features_;
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    for (std::int64_t f = 0; f < F; ++f) dh[largest_[i * F + f] * F + f] += dpooled[i * stride + f];
  }
}

// The softmax over the steps of each sequence of h_t . q.
void Pooler::attend(const Minibatch& batch, const float* h, const float* query, float* pooled) {
  const std::int64_t F = features_, B = batch.size();
  std::fill_n(pooled, B * F, 0.0f);
  attention_.resize(static_cast<std::size_t>(batch.rows()));
  std::vector<double> most(static_cast<std::size_t>(B), -HUGE_VAL), sum(most.size(), 0.0);
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    attention_[row] = dot(h + row * F, query, F);
    most[i] = std::max(most[i], attention_[row]);
  });
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    attention_[row] = std::exp(attention_[row] - most[i]);
    sum[i] += attention_[row];
  });
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    attention_[row] /= sum[i];
    add_scaled(pooled + i * F, attention_[row], h + row * F, F);
  });
}

// With a the attention: da_t = h_t . dpooled, dscore_t = a_t (da_t - sum over s of a_s da_s).
void Pooler::attend_backward(const Minibatch& batch, const float* h, const float* query,
                             const float* dpooled, float* dh, float* dquery) const {
  const std::int64_t F = features_;
  std::vector<double> da(attention_.size()), mean(static_cast<std::size_t>(batch.size()), 0.0);
  std::vector<double> dq(static_cast<std::size_t>(F), 0.0);
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    da[row] = dot(h + row * F, dpooled + i * F, F);
    mean[i] += attention_[row] * da[row];
  });
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    const double dscore = attention_[row] * (da[row] - mean[i]);
    add_scaled(dh + row * F, attention_[row], dpooled + i * F, F);
    add_scaled(dh + row * F, dscore, query, F);
    for (std::int64_t f = 0; f < F; ++f) dq[f] += dscore * static_cast<double>(h[row * F + f]);
  });
  std::transform(dq.begin(), dq.end(), dquery, [](double a) { return static_cast<float>(a); });
}

}  // namespace skrnn
