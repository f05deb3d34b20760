// What is learned: a function of the outputs for whole sequences.
#pragma once

#include "network/minibatch.h"

namespace skrnn {

struct Score {
  double loss = 0;              // sum of weighted losses
  double weights = 0;           // sum of their weights; 0 where nothing is asked for
  double expected_weights = 0;  // of as many losses of the mean weight of all data
};

// It knows what is asked for of each sequence of the data: a number a row, or whatever else, of
// whatever length.
class Objective {
 public:
  virtual ~Objective() = default;

  // The losses of the sequences in `batch`, of which `outputs` is what TrainedNetwork::forward
  // gave. With `doutputs`, of the outputs' shape, the gradient of their sum divided by
  // `expected_weights` as well.
  virtual Score score(const Minibatch& batch, const float* outputs, float* doutputs,
                      int threads) = 0;

  // The weighted mean of the losses scored last of each sequence, summed in the order of the data,
  // however that was cut into minibatches.
  virtual double mean() const = 0;
};

}  // namespace skrnn
