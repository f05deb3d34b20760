// The objective that has a loss for each row of outputs.
#pragma once

#include <vector>

#include "losses/loss.h"
#include "network/output_rows.h"
#include "skrnn/trainer.h"
#include "training/objective.h"

namespace skrnn {

class RowObjective final : public Objective {
 public:
  // All arguments must outlive the object.
  RowObjective(const Loss& loss, const LossContext& context, OutputRows rows,
               const SequenceData& data, const Targets& targets);

  Score score(const Minibatch& batch, const float* outputs, float* doutputs, int threads) override;
  double mean() const override;

 private:
  double weight_of(std::int64_t target) const {
    if (target < 0) return 0;
    return targets_.weights == nullptr ? 1 : static_cast<double>(targets_.weights[target]);
  }

  // Writes the targets of some rows of targets, which follow their windows: [size, columns].
  void read_targets(const std::vector<std::int64_t>& rows, float* to) const;

  const Loss& loss_;
  const LossContext& context_;
  const OutputRows rows_;
  const SequenceData& data_;
  const Targets& targets_;
  double mean_weight_;                // of all rows that count
  std::vector<double> losses_;        // [rows of targets], as last scored
  std::vector<std::int64_t> target_;  // [rows of the minibatch] row of the targets, or -1
  std::vector<float> following_;      // [rows of the minibatch, columns], of windows
};

}  // namespace skrnn
