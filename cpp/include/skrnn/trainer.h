// Training of a NetworkLayout: one call an epoch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "skrnn/loss.h"
#include "skrnn/network.h"
#include "skrnn/schedule.h"

namespace skrnn {

struct TrainingSettings {
  LossSettings loss;

  std::string solver = "adam";
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::kConstant;
  std::int64_t total_updates = 0;  // length of the schedule; constant needs none
  double weight_decay = 0.0;       // of weights, not of biases or embeddings
  double clip_norm = 0.0;          // of the whole gradient; 0 for none

  double dropout = 0.0;
  double recurrent_dropout = 0.0;
  double input_dropout = 0.0;  // of what the first layer reads: channels, or the vector of a word
  // The probability that a token is read as token 0, the unknown word, whose vector so is trained.
  // The letters of the word are read all the same.
  double word_dropout = 0.0;
  std::int64_t batch_size = 32;
  std::int64_t tbptt = 0;  // steps of truncated backpropagation; 0: whole sequences
  std::uint64_t seed = 0;
};

// Names of the optimisers, the values of `solver`.
std::vector<std::string> list_solvers();

// The targets of the sequences: a row for each sequence, for each step, or for each step to come.
// None of it is read where the targets are the next tokens, SequenceData::ends_in_target.
struct Targets {
  // [rows, columns]; classes are numbers 0..K-1. Null with windows: the targets that each of them
  // has in its array, in its units.
  const float* values = nullptr;
  std::int64_t columns = 1;
  // [rows], or null for ones. Only their ratios count, and 0 leaves a row out.
  const float* weights = nullptr;
};

struct EpochResult {
  double loss = 0;           // weighted mean over all rows, before each update
  double gradient_norm = 0;  // largest of the epoch, before clipping
  std::int64_t updates = 0;
  bool finished = false;  // false: stopped by `keep_going`, or by a loss that is not finite
  bool diverged = false;
};

// Trains the parameters in place, epoch by epoch. The result depends on the settings, the data and
// the number of the epoch, and not on the number of threads.
class Trainer {
 public:
  // Throws std::invalid_argument for an unknown name or a value out of range.
  Trainer(const NetworkLayout& layout, const TrainingSettings& settings,
          std::int64_t target_columns);
  ~Trainer();
  Trainer(Trainer&&) noexcept;
  Trainer& operator=(Trainer&&) noexcept;

  const NetworkLayout& layout() const;
  const TrainingSettings& settings() const;

  // `learning_rate_scale` multiplies the schedule.
  //
  // Long sequences may come in windows, one call each: with `continues`, sequence i goes on where
  // sequence i of the call before ended. Windows as long as tbptt, or a multiple of it, train to
  // the same bits as the whole sequences in one call. The call before must have finished, with
  // tbptt and at most batch_size sequences; in each of the calls all sequences are of the same
  // length. Throws std::invalid_argument otherwise.
  //
  // The solver leaves rows of a large embedding alone, parameters and state, in updates of
  // minibatches without their tokens, as PyTorch's SparseAdam does. Large is a table of 2^18 floats
  // and more which is not tied to the head.
  EpochResult run_epoch(float* parameters, const SequenceData& data, const Targets& targets,
                        std::uint32_t epoch, double learning_rate_scale, bool continues,
                        int threads, KeepGoing keep_going = nullptr, void* context = nullptr);

  // Weighted mean of the loss, without dropout. With `continues`, sequences go on where those of
  // the call of evaluate before ended, under the conditions of run_epoch; at most 256 sequences do.
  double evaluate(const float* parameters, const SequenceData& data, const Targets& targets,
                  bool continues, int threads, KeepGoing keep_going = nullptr,
                  void* context = nullptr);

  // The loss and its gradient over all sequences as one minibatch, as training sees them.
  double gradient(const float* parameters, const SequenceData& data, const Targets& targets,
                  std::uint32_t epoch, float* gradient, int threads);

  // Norms of the gradient of the loss of all sequences, as one minibatch, by the state h of each
  // layer after each step: |dL/dh|, [layers * directions, rows of data]. Row t of a sequence is the
  // state that has read x_t, in the reverse direction as well.
  void state_gradient_norms(const float* parameters, const SequenceData& data,
                            const Targets& targets, float* norms, int threads);

  // The state of the optimiser, [optimizer_states, number of parameters], and the number of updates
  // that it has made.
  std::int64_t optimizer_states() const;
  float* optimizer_state();
  std::int64_t updates() const;
  void set_updates(std::int64_t updates);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
