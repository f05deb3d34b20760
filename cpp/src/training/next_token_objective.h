// The objective of language models: at every step, the cross-entropy of the next token.
#pragma once

#include <vector>

#include "losses/loss.h"
#include "training/objective.h"

namespace skrnn {

// The outputs of a step are scores of all tokens. Targets are read where the input is, so that a
// text needs no second array.
class NextTokenObjective final : public Objective {
 public:
  // `loss` is one of a class; `data` ends in targets. All arguments must outlive the object.
  NextTokenObjective(const Loss& loss, const LossContext& context, const SequenceData& data);

  Score score(const Minibatch& batch, const float* outputs, float* doutputs, int threads) override;
  double mean() const override;

 private:
  const Loss& loss_;
  const LossContext& context_;
  const SequenceData& data_;
  std::vector<double> sums_;    // [n] of the losses of each sequence, in the order of its steps
  std::vector<float> targets_;  // [rows of the minibatch]
  std::vector<double> losses_;  // [rows of the minibatch]
};

}  // namespace skrnn
