// The objective of a linear-chain CRF: the negative log-likelihood of whole sequences of labels.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "decoding/linear_chain.h"
#include "decoding/scaled_chains.h"
#include "skrnn/trainer.h"
#include "training/objective.h"

namespace skrnn {

// With a weight w for each sequence, the loss is the sum of w NLL divided by the sum of w T: a loss
// of one step, so that a learning rate means what it means without transitions.
class ChainObjective final : public Objective {
 public:
  // `targets` has the number of a label for each step, and the same weight for all steps of a
  // sequence. All arguments must outlive the object.
  ChainObjective(std::int64_t labels, const SequenceData& data, const Targets& targets);

  // `outputs` are the emissions [rows, K], and the transition scores behind them.
  Score score(const Minibatch& batch, const float* outputs, float* doutputs, int threads) override;
  double mean() const override;

 private:
  // Without a gradient: log Z of each sequence, in float64.
  void add_up(const Minibatch& batch, const float* outputs, int threads);

  std::int64_t steps_of(std::int64_t sample) const {
    return data_.offsets[sample + 1] - data_.offsets[sample];
  }
  double weight_of(std::int64_t sample) const {
    if (targets_.weights == nullptr) return 1;
    return static_cast<double>(targets_.weights[data_.offsets[sample]]);
  }
  std::int64_t label_of(std::int64_t sample, std::int64_t step) const {
    return static_cast<std::int64_t>(
        targets_.values[(data_.offsets[sample] + step) * targets_.columns]);
  }

  const std::int64_t K_;
  const SequenceData& data_;
  const Targets& targets_;
  double mean_weight_;  // of all rows that count
  ScaledChains chains_;
  std::vector<double> losses_;          // of all sequences, as last scored
  std::vector<double> log_partitions_;  // [B] of the minibatch
  std::vector<float> shares_;           // [B] weights of the gradient
  std::vector<double> transitions_;     // [K * K + 2 K] their gradient
};

}  // namespace skrnn
