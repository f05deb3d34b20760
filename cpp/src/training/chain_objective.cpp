#include "training/chain_objective.h"

#include <algorithm>

#include "base/parallel.h"
#include "layer/grid.h"
#include "training/mean_weight.h"

namespace skrnn {

ChainObjective::ChainObjective(std::int64_t labels, const SequenceData& data,
                               const Targets& targets)
    : K_(labels),
      data_(data),
      targets_(targets),
      mean_weight_(mean_weight_of(targets.weights, data.offsets[data.size])),
      chains_(labels),
      losses_(static_cast<std::size_t>(data.size)),
      transitions_(static_cast<std::size_t>(TransitionScores::size(labels))) {}

Score ChainObjective::score(const Minibatch& batch, const float* outputs, float* doutputs,
                            int threads) {
  const Batch& chains = batch.batch(false);
  const std::int64_t B = batch.size(), rows = batch.rows();
  Score score;
  std::int64_t counted = 0;
  for (std::int64_t i = 0; i < B; ++i) {
    const double weight = weight_of(batch.sample(i));
    score.weights += weight * static_cast<double>(chains.length(i));
    if (weight != 0) counted += chains.length(i);
  }
  score.expected_weights = mean_weight_ * static_cast<double>(counted);

  log_partitions_.resize(static_cast<std::size_t>(B));
  const TransitionScores scores = TransitionScores::at(K_, outputs + rows * K_);
  double* dbetween = transitions_.data();
  double *dstart = dbetween + K_ * K_, *dend = dstart + K_;
  if (doutputs == nullptr) {
    add_up(batch, outputs, threads);
  } else {
    shares_.resize(static_cast<std::size_t>(B));
    for (std::int64_t i = 0; i < B; ++i) {
      const double weight = weight_of(batch.sample(i));
      shares_[i] = weight == 0 ? 0.0f : static_cast<float>(weight / score.expected_weights);
    }
    chains_.differentiate(chains, scores, outputs, shares_.data(), log_partitions_.data(),
                          {doutputs, dbetween, dstart, dend}, threads);
  }

  for (std::int64_t i = 0; i < B; ++i) {
    const std::int64_t sample = batch.sample(i), T = chains.length(i);
    const double weight = weight_of(sample);
    if (weight == 0) continue;
    const std::int64_t first = label_of(sample, 0), last = label_of(sample, T - 1);
    double path = static_cast<double>(scores.start[first]) + static_cast<double>(scores.end[last]);
    for (std::int64_t t = 0; t < T; ++t) {
      const std::int64_t label = label_of(sample, t), at = chains.packed_row(t, i) * K_ + label;
      path += static_cast<double>(outputs[at]);
      if (doutputs != nullptr) doutputs[at] -= shares_[i];
      if (t == 0) continue;
      const std::int64_t pair = label_of(sample, t - 1) * K_ + label;
      path += static_cast<double>(scores.between[pair]);
      dbetween[pair] -= static_cast<double>(doutputs != nullptr ? shares_[i] : 0.0f);
    }
    losses_[sample] = log_partitions_[i] - path;
    score.loss += weight * losses_[sample];
    if (doutputs == nullptr) continue;
    dstart[first] -= static_cast<double>(shares_[i]);
    dend[last] -= static_cast<double>(shares_[i]);
  }
  if (doutputs != nullptr) {
    std::transform(transitions_.begin(), transitions_.end(), doutputs + rows * K_,
                   [](double d) { return static_cast<float>(d); });
  }
  return score;
}

void ChainObjective::add_up(const Minibatch& batch, const float* outputs, int threads) {
  constexpr std::int64_t kWorkOfOne = 200'000;  // multiply-adds that make a thread worth its start
  const std::int64_t B = batch.size(), rows = batch.rows();
  const LinearChain chain(TransitionScores::at(K_, outputs + rows * K_));
  threads = threads_worth(B, rows * K_ * K_, kWorkOfOne, threads);
  run_parallel(threads, [&](const Team& team) {
    const Range ranks = ranks_of_part(batch.batch(false), team.thread, team.threads);
    std::vector<float> emissions;
    for (std::int64_t i = ranks.begin; i < ranks.end; ++i) {
      const std::int64_t T = batch.batch(false).length(i);
      emissions.resize(static_cast<std::size_t>(T * K_));
      for (std::int64_t t = 0; t < T; ++t) {
        std::copy_n(outputs + batch.batch(false).packed_row(t, i) * K_, K_,
                    emissions.data() + t * K_);
      }
      log_partitions_[i] = chain.log_partition(T, emissions.data());
    }
  });
}

double ChainObjective::mean() const {
  double loss = 0, weights = 0;
  for (std::int64_t sample = 0; sample < data_.size; ++sample) {
    const double weight = weight_of(sample);
    if (weight == 0) continue;
    loss += weight * losses_[sample];
    weights += weight * static_cast<double>(steps_of(sample));
  }
  return weights > 0 ? loss / weights : 0;
}

}  // namespace skrnn
