#include "network/pooling.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/choice.h"
#include "network/columns.h"

namespace skrnn {
namespace {

struct NamedPooling {
  const char* name;
  Pooling pooling;
};
constexpr NamedPooling kPoolings[] = {{"last", Pooling::kLast},
                                      {"mean", Pooling::kMean},
                                      {"max", Pooling::kMax},
                                      {"attention", Pooling::kAttention},
                                      {"last_mean_max", Pooling::kLastMeanMax},
                                      {"horizon", Pooling::kHorizon},
                                      {"every_step", Pooling::kEveryStep}};

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

Pooling find_pooling(const std::string& name) {
  return choose(std::begin(kPoolings), std::end(kPoolings), name, "pooling").pooling;
}

Pooler::Pooler(ParameterList& parameters, const std::string& name, Pooling kind,
               std::int64_t features)
    : kind_(kind), features_(features) {
  if (kind != Pooling::kAttention) return;
  Parameter query;
  query.name = name + ".weight";
  query.shape = {1, features};
  query.decays = true;
  offset_ = parameters.add(query);
}

const float* PoolingPass::forward(const Minibatch& batch, const StackOutput& states) {
  const std::int64_t F = pooler_.features(), P = pooler_.columns();
  h_ = states.h;
  if (pooler_.every_step()) return states.h;
  if (pooler_.kind() == Pooling::kLast) return states.last;
  float* pooled = pooled_.reserve(batch.size() * P);
  switch (pooler_.kind()) {
    case Pooling::kMean:
      mean(batch, pooled, P);
      break;
    case Pooling::kMax:
      max(batch, pooled, P);
      break;
    case Pooling::kAttention:
      attend(batch, pooled);
      break;
    case Pooling::kLastMeanMax:
      copy_columns(batch.size(), F, states.last, F, pooled, P);
      mean(batch, pooled + F, P);
      max(batch, pooled + 2 * F, P);
      break;
    case Pooling::kLast:
    case Pooling::kHorizon:  // has a part of its own
    case Pooling::kEveryStep:
      break;
  }
  return pooled;
}

StackOutputGradient PoolingPass::backward(const Minibatch& batch, const float* dpooled,
                                          float* gradient) {
  const std::int64_t F = pooler_.features(), P = pooler_.columns();
  if (pooler_.every_step()) return {dpooled, nullptr};
  if (pooler_.kind() == Pooling::kLast) return {nullptr, dpooled};
  float* dh = dh_.reserve(batch.rows() * F);
  std::fill_n(dh, batch.rows() * F, 0.0f);
  float* dlast = nullptr;
  switch (pooler_.kind()) {
    case Pooling::kMean:
      mean_backward(batch, dpooled, P, dh);
      break;
    case Pooling::kMax:
      max_backward(batch, dpooled, P, dh);
      break;
    case Pooling::kAttention:
      attend_backward(batch, dpooled, dh, pooler_.query_gradient(gradient));
      break;
    case Pooling::kLastMeanMax:
      dlast = dlast_.reserve(batch.size() * F);
      copy_columns(batch.size(), F, dpooled, P, dlast, F);
      mean_backward(batch, dpooled + F, P, dh);
      max_backward(batch, dpooled + 2 * F, P, dh);
      break;
    case Pooling::kLast:
    case Pooling::kHorizon:  // has a part of its own
    case Pooling::kEveryStep:
      break;
  }
  return {dh, dlast};
}

void PoolingPass::mean(const Minibatch& batch, float* pooled, std::int64_t stride) {
  const std::int64_t F = pooler_.features(), B = batch.size();
  sums_.assign(static_cast<std::size_t>(B * F), 0.0);
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    add_step(F, h_ + row * F, sums_.data() + i * F);
  });
  for (std::int64_t i = 0; i < B; ++i) {
    mean_of_steps(F, sums_.data() + i * F, batch.batch(false).length(i), pooled + i * stride);
  }
}

void PoolingPass::mean_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                                float* dh) const {
  const std::int64_t F = pooler_.features();
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t) {
    const auto length = static_cast<float>(batch.batch(false).length(i));
    for (std::int64_t f = 0; f < F; ++f) dh[row * F + f] += dpooled[i * stride + f] / length;
  });
}

void PoolingPass::max(const Minibatch& batch, float* pooled, std::int64_t stride) {
  const std::int64_t F = pooler_.features();
  largest_.resize(static_cast<std::size_t>(batch.size() * F));
  batch.for_each_row([&](std::int64_t row, std::int64_t i, std::int64_t step) {
    const float* from = h_ + row * F;
    float* to = pooled + i * stride;
    for (std::int64_t f = 0; f < F; ++f) {
      if (step == batch.first_step() || is_new_maximum(from[f], to[f])) {
        to[f] = from[f];
        largest_[i * F + f] = row;
      }
    }
  });
}

void PoolingPass::max_backward(const Minibatch& batch, const float* dpooled, std::int64_t stride,
                               float* dh) const {
  const std::int64_t F = pooler_.features();
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    for (std::int64_t f = 0; f < F; ++f) dh[largest_[i * F + f] * F + f] += dpooled[i * stride + f];
  }
}

// The softmax over the steps of each sequence of h_t . q.
void PoolingPass::attend(const Minibatch& batch, float* pooled) {
  const float* h = h_;
  const float* query = pooler_.query();
  const std::int64_t F = pooler_.features(), B = batch.size();
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
void PoolingPass::attend_backward(const Minibatch& batch, const float* dpooled, float* dh,
                                  float* dquery) const {
  const float* h = h_;
  const float* query = pooler_.query();
  const std::int64_t F = pooler_.features();
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
