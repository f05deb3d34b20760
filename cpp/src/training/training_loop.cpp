#include "training/training_loop.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "base/floating_point.h"
#include "skrnn/threads.h"

namespace skrnn {
namespace {

constexpr std::int64_t kWholeSequence = std::numeric_limits<std::int64_t>::max();

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Dropout TrainingLoop::dropout_in(std::uint32_t epoch) const {
  Dropout dropout;
  dropout.seed = settings_.seed;
  dropout.epoch = epoch;
  dropout.rate = settings_.dropout;
  dropout.recurrent_rate = settings_.recurrent_dropout;
  dropout.input_rate = settings_.input_dropout;
  dropout.word_rate = settings_.word_dropout;
  return dropout;
}

Score TrainingLoop::learn(Objective& objective, const Minibatch& batch, const Dropout& dropout,
                          bool carries_states, float* gradient, int threads) {
  const FlushSubnormals guard;
  const TrainedNetwork::Outputs outputs = network_.forward(dropout, carries_states, threads);
  float* doutputs = doutputs_.reserve(outputs.size);
  const Score score = objective.score(batch, outputs.values, doutputs, threads);
  if (score.weights > 0) network_.backward(doutputs, gradient, ranges_, threads);
  return score;
}

void TrainingLoop::check_continues(const SequenceData& data) const {
  const auto before = static_cast<std::int64_t>(ending_.samples.size());
  if (before == data.size && have_equal_lengths(data)) return;
  throw std::invalid_argument(
      before == 0
          ? "continues: the call before left no states; it must have finished, with tbptt above 0 "
            "and at most batch_size sequences, all of the same length"
          : "continues: expected the " + std::to_string(before) +
                " sequences of the call before, all of the same length, got " +
                std::to_string(data.size) +
                (before == data.size ? " of different lengths" : " sequences"));
}

EpochResult TrainingLoop::run_epoch(Objective& objective, float* parameters, std::uint32_t epoch,
                                    double learning_rate_scale, bool continues, int threads,
                                    KeepGoing keep_going, void* context) {
  const SequenceData& data = network_.data();
  if (continues) check_continues(data);
  const Ending before = continues ? ending_ : Ending{};
  ending_ = {};
  Dropout dropout = dropout_in(epoch);
  dropout.steps_before = before.steps;
  const Minibatches batches =
      continues ? Minibatches::one(before.samples)
                : Minibatches::shuffled(data, settings_.batch_size, settings_.seed, epoch);
  const bool cuts = settings_.tbptt > 0;
  float* gradient = gradient_.reserve(network_.num_parameters(), "the gradient");
  EpochResult result;
  double loss = 0, weights = 0;
  for (std::int64_t b = 0; b < batches.count(); ++b) {
    const std::int64_t* samples = batches.samples(b);
    const std::int64_t longest = data.offsets[samples[0] + 1] - data.offsets[samples[0]];
    const std::int64_t cut = cuts ? settings_.tbptt : kWholeSequence;
    if (!continues) network_.reset_states();
    for (std::int64_t first = 0; first < longest; first += std::min(cut, longest)) {
      if (keep_going != nullptr && !keep_going(context)) return result;
      const Minibatch& batch = network_.gather(samples, batches.size(b), first, cut);
      const auto start = std::chrono::steady_clock::now();
      const int here = thread_choice_.next(threads > 0 ? threads : max_threads());
      network_.load(parameters);
      const Score score = learn(objective, batch, dropout, cuts, gradient, here);
      if (score.weights == 0) continue;
      const double norm = optimizer_.norm_of(gradient, ranges_);
      loss += score.loss;
      weights += score.weights;
      result.loss = loss / weights;
      if (!std::isfinite(score.loss) || !std::isfinite(norm)) {
        result.diverged = true;
        return result;
      }
      result.gradient_norm = std::max(result.gradient_norm, norm);
      optimizer_.update(parameters, gradient, ranges_, norm, score.weights / score.expected_weights,
                        learning_rate_scale, here);
      ++result.updates;
      thread_choice_.record(seconds_since(start), static_cast<double>(batch.rows()));
    }
  }
  result.finished = true;
  if (cuts && batches.count() == 1 && have_equal_lengths(data)) {
    ending_.samples.assign(batches.samples(0), batches.samples(0) + batches.size(0));
    ending_.steps = before.steps + data.offsets[1] - data.offsets[0];
  }
  return result;
}

Score TrainingLoop::gradient(Objective& objective, const float* parameters, const Dropout& dropout,
                             float* gradient, int threads) {
  const Minibatches all =
      Minibatches::sorted(network_.data(), network_.data().size, kWholeSequence);
  const Minibatch& batch = network_.gather(all.samples(0), all.size(0), 0, kWholeSequence);
  network_.load(parameters);
  std::fill_n(gradient, network_.num_parameters(), 0.0f);
  return learn(objective, batch, dropout, false, gradient, threads);
}

}  // namespace skrnn
