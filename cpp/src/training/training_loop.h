// Training of any network for any objective: minibatches, cuts of long sequences, updates.
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "network/gradient_ranges.h"
#include "network/trained_network.h"
#include "skrnn/trainer.h"
#include "training/objective.h"
#include "training/optimizer.h"
#include "training/thread_choice.h"

namespace skrnn {

class TrainingLoop {
 public:
  // `network` must outlive the object.
  TrainingLoop(const TrainingSettings& settings, TrainedNetwork& network)
      : settings_(settings),
        network_(network),
        optimizer_(settings, network.parameters(), network.num_parameters()) {}

  Optimizer& optimizer() { return optimizer_; }

  // As the settings ask for.
  Dropout dropout_in(std::uint32_t epoch) const;

  // As Trainer::run_epoch.
  EpochResult run_epoch(Objective& objective, float* parameters, std::uint32_t epoch,
                        double learning_rate_scale, bool continues, int threads,
                        KeepGoing keep_going, void* context);

  // The loss and its gradient over all sequences as one minibatch.
  Score gradient(Objective& objective, const float* parameters, const Dropout& dropout,
                 float* gradient, int threads);

 private:
  // What a call of run_epoch leaves to one that continues it.
  struct Ending {
    std::vector<std::int64_t> samples;  // of its only minibatch, by rank; none: cannot be continued
    std::int64_t steps = 0;             // of each of them, since their states were zeros
  };

  // Throws std::invalid_argument if the data cannot continue those of the last call.
  void check_continues(const SequenceData& data) const;
  // One cut of one minibatch: forward, and backward if any target has a weight.
  Score learn(Objective& objective, const Minibatch& batch, const Dropout& dropout,
              bool carries_states, float* gradient, int threads);

  const TrainingSettings settings_;
  TrainedNetwork& network_;
  Optimizer optimizer_;
  Ending ending_;  // of the last call
  ThreadChoice thread_choice_;
  Workspace<float> gradient_;  // [number of parameters]
  GradientRanges ranges_;      // of the last backward pass
  Workspace<float> doutputs_;  // of the outputs' shape
};

}  // namespace skrnn
