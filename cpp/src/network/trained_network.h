// The trainer's interface to a network and its data, for any kind of network.
#pragma once

#include <cstdint>
#include <vector>

#include "network/dropout.h"
#include "network/gradient_ranges.h"
#include "network/minibatch.h"
#include "skrnn/network.h"

namespace skrnn {

class TrainedNetwork {
 public:
  struct Outputs {
    const float* values;
    std::int64_t size;  // floats
  };

  virtual ~TrainedNetwork() = default;

  // The place of each parameter in the arena, and the number of floats in all of them.
  virtual const std::vector<Parameter>& parameters() const = 0;
  virtual std::int64_t num_parameters() const = 0;

  // The sequences by whose lengths minibatches are made.
  virtual const SequenceData& data() const = 0;

  // Sets the parameters that later passes use, from the arena of all parameters.
  virtual void load(const float* parameters) = 0;

  // Steps [first_step, first_step + max_steps) of those samples, which come in order of descending
  // length. Returns the sequences that outputs are made for, valid until the next call.
  virtual const Minibatch& gather(const std::int64_t* samples, std::int64_t count,
                                  std::int64_t first_step, std::int64_t max_steps) = 0;

  // The next forward pass that carries states starts from zeros.
  virtual void reset_states() = 0;

  // The outputs for the gathered steps, valid until the next call. With `carries_states`, the pass
  // starts from the last states of the one before it that did, of the same sequences by rank.
  virtual Outputs forward(const Dropout& dropout, bool carries_states, int threads) = 0;

  // The gradients of the last forward pass, of every parameter, in the arena's order. Sets `ranges`
  // to where they are written; they are zero elsewhere.
  virtual void backward(const float* doutputs, float* gradient, GradientRanges& ranges,
                        int threads) = 0;
};

}  // namespace skrnn
