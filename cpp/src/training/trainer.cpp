#include "skrnn/trainer.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "layer/dispatch.h"
#include "losses/loss.h"
#include "network/prediction.h"
#include "network/trained_sequence_network.h"
#include "training/chain_objective.h"
#include "training/next_token_objective.h"
#include "training/optimizer.h"
#include "training/row_objective.h"
#include "training/training_loop.h"

namespace skrnn {
namespace {

void require(bool holds, const char* what, double value) {
  if (!holds) throw std::invalid_argument(what + (", got " + std::to_string(value)));
}

void check(const TrainingSettings& settings, const NetworkLayout& layout) {
  const auto fraction = [](double x) { return x >= 0 && x < 1; };
  require(settings.learning_rate > 0, "learning_rate must be above 0", settings.learning_rate);
  require(settings.weight_decay >= 0, "weight_decay must not be negative", settings.weight_decay);
  require(settings.clip_norm >= 0, "clip_norm must not be negative", settings.clip_norm);
  require(fraction(settings.dropout), "dropout must be in [0, 1)", settings.dropout);
  require(fraction(settings.recurrent_dropout), "recurrent_dropout must be in [0, 1)",
          settings.recurrent_dropout);
  require(fraction(settings.input_dropout), "input_dropout must be in [0, 1)",
          settings.input_dropout);
  require(fraction(settings.word_dropout), "word_dropout must be in [0, 1)", settings.word_dropout);
  require(settings.word_dropout == 0 || layout.settings().reads_tokens(),
          "word_dropout is of tokens, and must be 0 where the input is channels",
          settings.word_dropout);
  require(settings.batch_size >= 1, "batch_size must be at least 1",
          static_cast<double>(settings.batch_size));
  require(settings.tbptt >= 0, "tbptt must not be negative", static_cast<double>(settings.tbptt));
  require(settings.schedule == Schedule::kConstant || settings.total_updates >= 1,
          "total_updates must be at least 1", static_cast<double>(settings.total_updates));
  if (layout.settings().transitions) {
    if (settings.loss.name != "cross_entropy") {
      throw std::invalid_argument("a network with transitions needs loss 'cross_entropy', got '" +
                                  settings.loss.name + "'");
    }
    require(settings.tbptt == 0,
            "tbptt must be 0 with transitions: the labels of a sequence have one probability "
            "together, which a cut would break",
            static_cast<double>(settings.tbptt));
  }
  if (settings.tbptt > 0) {
    const Pooling pooling = layout.settings().pooling;
    if (layout.directions() == 2) {
      throw std::invalid_argument(
          "tbptt cuts sequences, but a bidirectional model reads them from their ends");
    }
    if (pooling != Pooling::kEveryStep && pooling != Pooling::kLast) {
      throw std::invalid_argument("tbptt needs pooling 'last' or an output at every step");
    }
  }
}

void check_next_token(const TrainingSettings& settings, const NetworkSettings& network) {
  if (settings.loss.name == "cross_entropy" && network.reads_tokens() && !network.bidirectional &&
      network.pooling == Pooling::kEveryStep && network.output_size == network.input_size) {
    return;
  }
  throw std::invalid_argument(
      "the next token as the target needs the loss 'cross_entropy' and a network that reads tokens "
      "in one direction and has an output for each of them at every step: embedding_size above 0, "
      "bidirectional=False, pooling='every_step' and output_size == input_size");
}

}  // namespace

struct Trainer::Impl {
  TrainingSettings settings;
  const Loss& loss;
  LossContext context;
  OutputRows rows;
  TrainedSequenceNetwork network;
  TrainingLoop loop;
  CarriedStates evaluated_states;  // that the last call of evaluate left, if it may be continued
  std::int64_t evaluated = 0;      // sequences that they are of, or 0

  Impl(const NetworkLayout& layout, const TrainingSettings& s, std::int64_t target_columns)
      : settings(s),
        loss(find_loss(s.loss.name)),
        context(context_of(s.loss, target_columns, layout.settings().output_size)),
        rows(layout.settings()),
        network(layout),
        loop(s, network) {}

  // The arguments must outlive it.
  std::unique_ptr<Objective> objective(const SequenceData& data, const Targets& targets) const {
    const NetworkSettings& topology = network.layout().settings();
    if (data.ends_in_target) {
      check_next_token(settings, topology);
      return std::make_unique<NextTokenObjective>(loss, context, data);
    }
    if (topology.transitions) {
      return std::make_unique<ChainObjective>(topology.output_size, data, targets);
    }
    return std::make_unique<RowObjective>(loss, context, rows, data, targets);
  }
};

Trainer::Trainer(const NetworkLayout& layout, const TrainingSettings& settings,
                 std::int64_t target_columns) {
  check(settings, layout);
  try {
    impl_ = std::make_unique<Impl>(layout, settings, target_columns);
  } catch (const std::bad_alloc&) {
    // Memory for the parameters, their gradients, and the state of the optimiser.
    throw OutOfMemory("training " + layout.memory_text(2 + find_solver(settings.solver).states));
  }
}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

const NetworkLayout& Trainer::layout() const { return impl_->network.layout(); }
const TrainingSettings& Trainer::settings() const { return impl_->settings; }

EpochResult Trainer::run_epoch(float* parameters, const SequenceData& data, const Targets& targets,
                               std::uint32_t epoch, double learning_rate_scale, bool continues,
                               int threads, KeepGoing keep_going, void* context) {
  impl_->network.set_data(data);
  const auto objective = impl_->objective(data, targets);
  return impl_->loop.run_epoch(*objective, parameters, epoch, learning_rate_scale, continues,
                               threads, keep_going, context);
}

double Trainer::evaluate(const float* parameters, const SequenceData& data, const Targets& targets,
                         bool continues, int threads, KeepGoing keep_going, void* context) {
  const bool leaves_states = is_one_minibatch(layout(), data);
  if (continues && (!leaves_states || impl_->evaluated != data.size)) {
    throw std::invalid_argument(
        "continues: expected as many sequences as in the call before, at most 256, all of the same "
        "length, and a network of one direction with pooling 'last' or an output at every step");
  }
  const auto objective = impl_->objective(data, targets);
  PackedNetwork packed(layout(), false);
  packed.load(parameters);
  CarriedStates states;
  if (continues) states = std::move(impl_->evaluated_states);
  impl_->evaluated = 0;
  const bool finished = for_each_minibatch(
      packed, data, threads, keep_going, context,
      [&](const Minibatch& batch, const float* outputs) {
        objective->score(batch, outputs, nullptr, threads);
      },
      leaves_states ? &states : nullptr);
  if (!finished) return NAN;
  impl_->evaluated = leaves_states ? data.size : 0;
  impl_->evaluated_states = std::move(states);
  return objective->mean();
}

double Trainer::gradient(const float* parameters, const SequenceData& data, const Targets& targets,
                         std::uint32_t epoch, float* gradient, int threads) {
  impl_->network.set_data(data);
  const auto objective = impl_->objective(data, targets);
  const Score score = impl_->loop.gradient(*objective, parameters, impl_->loop.dropout_in(epoch),
                                           gradient, threads);
  return score.weights > 0 ? score.loss / score.weights : 0;
}

void Trainer::state_gradient_norms(const float* parameters, const SequenceData& data,
                                   const Targets& targets, float* norms, int threads) {
  const std::int64_t H = layout().settings().hidden_size, rows = data.offsets[data.size];
  std::fill_n(norms, layout().settings().num_layers * layout().directions() * rows, 0.0f);
  std::vector<Buffer<float>> dh;  // empty if all weights are 0
  impl_->network.set_data(data, &dh);
  const auto objective = impl_->objective(data, targets);
  const Buffer<float> gradient = make_buffer<float>(layout().num_parameters());
  impl_->loop.gradient(*objective, parameters, Dropout{}, gradient.get(), threads);
  const auto sum_of_squares = active_kernels().matrix.sum_of_squares;
  for (std::size_t place = 0; place < dh.size(); ++place, norms += rows) {
    const Minibatch& all = impl_->network.batch();
    const Batch& batch = all.batch(static_cast<std::int64_t>(place) % layout().directions() == 1);
    for (std::int64_t s = 0; s < batch.steps(); ++s) {
      for (std::int64_t i = 0; i < batch.active(s); ++i) {
        const float* from = dh[place].get() + batch.packed_row(s, i) * H;
        const std::int64_t t = batch.reverse() ? batch.length(i) - 1 - s : s;
        norms[data.offsets[all.sample(i)] + t] =
            static_cast<float>(std::sqrt(sum_of_squares(from, H)));
      }
    }
  }
}

std::int64_t Trainer::optimizer_states() const { return impl_->loop.optimizer().states(); }
float* Trainer::optimizer_state() { return impl_->loop.optimizer().state(); }
std::int64_t Trainer::updates() const { return impl_->loop.optimizer().updates(); }
void Trainer::set_updates(std::int64_t updates) { impl_->loop.optimizer().set_updates(updates); }

}  // namespace skrnn
