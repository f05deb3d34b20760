// The objective of training: a function of the outputs for whole sequences.
#pragma once

#include "network/minibatch.h"

namespace skrnn {

struct Score {
  double loss = 0;              // sum of weighted losses
  double weights = 0;           // sum of their weights; 0 if the batch has no targets
  double expected_weights = 0;  // as many times the mean weight of all data
};

// An objective holds the targets of each sequence of the data, in any form: a number for each row,
// or a sequence of another length.
class Objective {
 public:
  virtual ~Objective() = default;

  // The losses of the sequences in `batch`, given `outputs` of TrainedNetwork::forward. With
  // `doutputs`, of the outputs' shape, also the gradient of their sum divided by
  // `expected_weights`.
  virtual Score score(const Minibatch& batch, const float* outputs, float* doutputs,
                      int threads) = 0;

  // The weighted mean of the last scored losses of all sequences, summed in the order of the data,
  // whatever the minibatches were.
  virtual double mean() const = 0;
};

}  // namespace skrnn
