// The rows of outputs: the sequence and the step that each belongs to.
//
// A network answers once for each sequence, for each of some steps to come, or at every step. The
// outputs of a minibatch have a row for each of its ranks, or for each step to come of one after
// the other, or a row for each of its rows; targets, and the outputs of all data, have a row for
// each sequence, or for each step of one, in the order of the data.
#pragma once

#include "network/minibatch.h"
#include "skrnn/network.h"

namespace skrnn {

class OutputRows {
 public:
  explicit OutputRows(const NetworkSettings& network)
      : every_step_(network.pooling == Pooling::kEveryStep),
        each_(network.pooling == Pooling::kHorizon ? network.horizon : 1) {}

  std::int64_t count(const SequenceData& data) const {
    return every_step_ ? data.offsets[data.size] : each_ * data.size;
  }
  std::int64_t count(const Minibatch& batch) const {
    return every_step_ ? batch.rows() : each_ * batch.size();
  }

  // The number of rows of a sequence, without every step.
  std::int64_t each() const { return each_; }

  // Calls f(row of the minibatch's outputs, row of the data's) in the order of the minibatch. The
  // latter is -1 for a sequence that continues after the minibatch, and so has no answer yet.
  template <class F>
  void for_each(const SequenceData& data, const Minibatch& batch, F&& f) const {
    if (every_step_) {
      batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
        f(row, data.offsets[batch.sample(rank)] + step);
      });
    } else {
      for (std::int64_t row = 0; row < each_ * batch.size(); ++row) {
        const std::int64_t i = row / each_;
        f(row, batch.ends(i) ? each_ * batch.sample(i) + row % each_ : -1);
      }
    }
  }

 private:
  bool every_step_;
  std::int64_t each_;
};

}  // namespace skrnn
