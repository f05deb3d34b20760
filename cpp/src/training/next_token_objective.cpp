#include "training/next_token_objective.h"

#include "losses/rows.h"

namespace skrnn {

NextTokenObjective::NextTokenObjective(const Loss& loss, const LossContext& context,
                                       const SequenceData& data)
    : loss_(loss), context_(context), data_(data), sums_(static_cast<std::size_t>(data.size)) {}

Score NextTokenObjective::score(const Minibatch& batch, const float* outputs, float* doutputs,
                                int threads) {
  const std::int64_t K = context_.outputs, rows = batch.rows();
  targets_.resize(static_cast<std::size_t>(rows));
  losses_.resize(static_cast<std::size_t>(rows));
  batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    targets_[row] = static_cast<float>(data_.token(batch.sample(rank), step + 1));
  });

  const auto count = static_cast<double>(rows);
  const auto scale = static_cast<float>(1 / count);
  for_each_row(context_, rows, threads, [&](std::int64_t row) {
    float* gradient = doutputs != nullptr ? doutputs + row * K : nullptr;
    losses_[row] = loss_.row(context_, outputs + row * K, &targets_[row], gradient);
    for (std::int64_t k = 0; gradient != nullptr && k < K; ++k) gradient[k] *= scale;
  });

  Score score{0, count, count};
  batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    double& sum = sums_[batch.sample(rank)];
    sum = step == 0 ? losses_[row] : sum + losses_[row];
    score.loss += losses_[row];
  });
  return score;
}

double NextTokenObjective::mean() const {
  double loss = 0;
  for (const double sum : sums_) loss += sum;
  return loss / static_cast<double>(data_.offsets[data_.size]);
}

}  // namespace skrnn
