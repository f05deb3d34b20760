#include "training/row_objective.h"

#include <algorithm>

#include "losses/rows.h"
#include "training/mean_weight.h"

namespace skrnn {
RowObjective::RowObjective(const Loss& loss, const LossContext& context, OutputRows rows,
                           const SequenceData& data, const Targets& targets)
    : loss_(loss),
      context_(context),
      rows_(rows),
      data_(data),
      targets_(targets),
      mean_weight_(mean_weight_of(targets.weights, rows.count(data))),
      losses_(static_cast<std::size_t>(rows.count(data))) {}

// The gradient is not divided by the weights of its own rows, or rows of small weight would count
// like others in a minibatch that holds no other rows.
Score RowObjective::score(const Minibatch& batch, const float* outputs, float* doutputs,
                          int threads) {
  const std::int64_t K = context_.outputs, rows = rows_.count(batch);
  Score score;
  std::int64_t counted = 0;
  target_.resize(static_cast<std::size_t>(rows));
  rows_.for_each(data_, batch, [&](std::int64_t row, std::int64_t target) {
    target_[row] = target;
    const double weight = weight_of(target);
    score.weights += weight;
    counted += weight != 0;
  });
  score.expected_weights = mean_weight_ * static_cast<double>(counted);
  const std::int64_t columns = targets_.columns;
  const bool follows = targets_.values == nullptr;
  if (follows) {
    following_.resize(static_cast<std::size_t>(rows * columns));
    read_targets(target_, following_.data());
  }

  for_each_row(context_, rows, threads, [&](std::int64_t row) {
    const std::int64_t target = target_[row];
    const double weight = weight_of(target);
    float* gradient = doutputs != nullptr ? doutputs + row * K : nullptr;
    // A row of weight 0 must not change the sum, even if its target is NaN.
    if (weight == 0) {
      if (gradient != nullptr) std::fill_n(gradient, K, 0.0f);
      return;
    }
    const float* y =
        follows ? following_.data() + row * columns : targets_.values + target * columns;
    losses_[target] = loss_.row(context_, outputs + row * K, y, gradient);
    if (gradient == nullptr) return;
    const auto scale = static_cast<float>(weight / score.expected_weights);
    for (std::int64_t k = 0; k < K; ++k) gradient[k] *= scale;
  });

  for (std::int64_t row = 0; row < rows; ++row) {
    const double weight = weight_of(target_[row]);
    if (weight != 0) score.loss += weight * losses_[target_[row]];
  }
  return score;
}

void RowObjective::read_targets(const std::vector<std::int64_t>& rows, float* to) const {
  const std::int64_t columns = targets_.columns, each = rows_.each();
  const Windows& windows = data_.windows;
  for (const std::int64_t target : rows) {
    if (target >= 0) {
      const std::int64_t i = target / each, steps = data_.offsets[i + 1] - data_.offsets[i];
      windows.read_targets(data_.values, i, steps, target % each * columns, columns, to);
    }
    to += columns;
  }
}

double RowObjective::mean() const {
  double loss = 0, weights = 0;
  for (std::size_t row = 0; row < losses_.size(); ++row) {
    const double weight = weight_of(static_cast<std::int64_t>(row));
    if (weight == 0) continue;
    loss += weight * losses_[row];
    weights += weight;
  }
  return weights > 0 ? loss / weights : 0;
}

}  // namespace skrnn
