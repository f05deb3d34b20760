#include "skrnn/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "base/choice.h"
#include "base/floating_point.h"
#include "layer/dispatch.h"
#include "losses/loss.h"
#include "network/network_pass.h"
#include "skrnn/threads.h"
#include "training/learning_rate.h"
#include "training/thread_choice.h"

namespace skrnn {
namespace {

const OptimizerKernel& find_solver(const std::string& name) {
  const KernelTable& table = active_kernels();
  return choose(table.optimizers, table.optimizers + table.num_optimizers, name, "solver");
}

void require(bool holds, const char* what, double value) {
  if (!holds) throw std::invalid_argument(what + (", got " + std::to_string(value)));
}

constexpr std::int64_t kWholeSequence = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::vector<std::string> list_solvers() {
  const KernelTable& table = active_kernels();
  std::vector<std::string> names;
  for (int i = 0; i < table.num_optimizers; ++i) names.emplace_back(table.optimizers[i].name);
  return names;
}

struct Trainer::Impl {
  NetworkLayout model;
  TrainingSettings settings;
  const Loss* loss;
  LossShape shape;
  const OptimizerKernel* solver;
  double (*sum_of_squares)(const float* x, Index n);
  PackedNetwork packed;
  NetworkPass network;
  Buffer<float> memory;  // [memories, number of parameters]
  std::int64_t updates = 0;
  ThreadChoice thread_choice;

  Minibatch batch;
  Workspace<float> gradient;       // [number of parameters]
  Workspace<float> doutputs;       // [output rows, K]
  std::vector<float> row_weights;  // [output rows]
  double mean_weight = 1;          // of all rows that count, in all minibatches

  Impl(const NetworkLayout& m, const TrainingSettings& s, std::int64_t target_columns)
      : model(m),
        settings(s),
        loss(&find_loss(s.loss.name)),
        shape(shape_of(s.loss, target_columns, m.settings().output_size)),
        solver(&find_solver(s.solver)),
        sum_of_squares(active_kernels().matrix.sum_of_squares),
        packed(m, true),
        network(packed),
        memory(make_buffer<float>(solver->memories * m.num_parameters())) {
    std::fill_n(memory.get(), solver->memories * m.num_parameters(), 0.0f);
  }

  struct Sums {
    double loss = 0;
    double weights = 0;
    double expected_weights = 0;  // of as many rows of the mean weight
  };

  // Row of the targets that row `row` of the outputs is asked for, or -1 for none.
  template <class F>
  void for_each_target(const SequenceData& data, F&& f) const {
    if (model.settings().pooling == Pooling::kEveryStep) {
      batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
        f(row, data.offsets[batch.sample(rank)] + step);
      });
    } else {
      for (std::int64_t i = 0; i < batch.size(); ++i) f(i, batch.ends(i) ? batch.sample(i) : -1);
    }
  }

  void take_mean_weight(const SequenceData& data, const Targets& targets) {
    const bool every_step = model.settings().pooling == Pooling::kEveryStep;
    const std::int64_t rows = every_step ? data.offsets[data.size] : data.size;
    double sum = 0;
    std::int64_t count = 0;
    for (std::int64_t row = 0; targets.weights != nullptr && row < rows; ++row) {
      sum += static_cast<double>(targets.weights[row]);
      count += targets.weights[row] != 0.0f;
    }
    mean_weight = count > 0 ? sum / static_cast<double>(count) : 1;
  }

  // The weighted sum of the losses of all rows. With `doutputs`, the gradient of that sum divided
  // by the number of rows that count times the mean weight: not by their own weights, or light rows
  // would count like heavy ones wherever no heavy one is among them.
  Sums score(const SequenceData& data, const Targets& targets, const float* outputs,
             float* doutputs) {
    const std::int64_t K = shape.outputs, rows = network.output_rows(batch);
    Sums sums;
    std::int64_t counted = 0;
    row_weights.assign(static_cast<std::size_t>(rows), 0.0f);
    for_each_target(data, [&](std::int64_t row, std::int64_t target) {
      float* gradient_row = doutputs != nullptr ? doutputs + row * K : nullptr;
      const float weight = target < 0                   ? 0.0f
                           : targets.weights != nullptr ? targets.weights[target]
                                                        : 1.0f;
      row_weights[row] = weight;
      // A row that does not count must not spoil the sum, whatever its target holds.
      if (weight == 0.0f) return;
      sums.loss += static_cast<double>(weight) *
                   loss->row(shape, outputs + row * K, targets.values + target * targets.columns,
                             gradient_row);
      sums.weights += static_cast<double>(weight);
      ++counted;
    });
    sums.expected_weights = mean_weight * static_cast<double>(counted);
    for (std::int64_t row = 0; doutputs != nullptr && row < rows; ++row) {
      float* gradient_row = doutputs + row * K;
      if (row_weights[row] == 0.0f) {
        std::fill_n(gradient_row, K, 0.0f);
      } else {
        const auto scale =
            static_cast<float>(static_cast<double>(row_weights[row]) / sums.expected_weights);
        for (std::int64_t k = 0; k < K; ++k) gradient_row[k] *= scale;
      }
    }
    return sums;
  }

  // One cut of one minibatch: forward, and back to the gradient where any row counts.
  Sums learn(const SequenceData& data, const Targets& targets, const Dropout& dropout,
             CarriedStates* states, float* gradient, int threads,
             std::vector<Buffer<float>>* dh_steps = nullptr) {
    const FlushSubnormals guard;
    const float* outputs = network.forward(batch, &dropout, states, threads);
    float* gradients = doutputs.reserve(network.output_rows(batch) * shape.outputs);
    const Sums sums = score(data, targets, outputs, gradients);
    if (sums.weights > 0) network.backward(batch, gradients, gradient, threads, dh_steps);
    return sums;
  }

  // All sequences as one minibatch.
  void gather_all(const SequenceData& data) {
    const Minibatches all = Minibatches::sorted(data, data.size, kWholeSequence);
    batch.gather(data, all.samples(0), data.size, 0, kWholeSequence, model.settings().input_size,
                 model.directions() == 2);
  }

  // `weight` is that of the minibatch, 1 on average: it is the gradient of the weighted mean of its
  // losses that is clipped, or clipping would take from heavy rows what they weigh.
  void update(float* parameters, const float* gradient, double norm, double weight, double scale) {
    const FlushSubnormals guard;
    ++updates;
    const auto t = static_cast<double>(updates);
    const double rate = settings.learning_rate * scale *
                        schedule_at(settings.schedule, updates - 1, settings.total_updates);
    OptimizerStep step{};
    step.learning_rate = static_cast<float>(rate);
    step.gradient_scale = 1;
    // As torch.nn.utils.clip_grad_norm_ has it.
    const double longest = settings.clip_norm * weight;
    if (longest > 0 && longest < norm + 1e-6) {
      step.gradient_scale = static_cast<float>(longest / (norm + 1e-6));
    }
    step.first_correction = static_cast<float>(1 / (1 - std::pow(solver->beta1, t)));
    step.second_correction = static_cast<float>(1 / (1 - std::pow(solver->beta2, t)));
    const std::int64_t n = model.num_parameters();
    for (const Parameter& p : model.parameters()) {
      step.decay = p.decays ? static_cast<float>(settings.weight_decay) : 0.0f;
      float* second = solver->memories == 2 ? memory.get() + n + p.offset : nullptr;
      solver->step(step, parameters + p.offset, gradient + p.offset, memory.get() + p.offset,
                   second, p.size);
    }
  }
};

Trainer::Trainer(const NetworkLayout& model, const TrainingSettings& settings,
                 std::int64_t target_columns) {
  const auto fraction = [](double x) { return x >= 0 && x < 1; };
  require(settings.learning_rate > 0, "learning_rate must be above 0", settings.learning_rate);
  require(settings.weight_decay >= 0, "weight_decay must not be negative", settings.weight_decay);
  require(settings.clip_norm >= 0, "clip_norm must not be negative", settings.clip_norm);
  require(fraction(settings.dropout), "dropout must be in [0, 1)", settings.dropout);
  require(fraction(settings.recurrent_dropout), "recurrent_dropout must be in [0, 1)",
          settings.recurrent_dropout);
  require(settings.batch_size >= 1, "batch_size must be at least 1",
          static_cast<double>(settings.batch_size));
  require(settings.tbptt >= 0, "tbptt must not be negative", static_cast<double>(settings.tbptt));
  require(settings.schedule == Schedule::kConstant || settings.total_updates >= 1,
          "total_updates must be at least 1", static_cast<double>(settings.total_updates));
  check_loss(settings.loss, target_columns, model.settings().output_size);
  if (settings.tbptt > 0) {
    const Pooling pooling = model.settings().pooling;
    if (model.directions() == 2) {
      throw std::invalid_argument(
          "tbptt cuts sequences, but a bidirectional model reads them from their ends");
    }
    if (pooling != Pooling::kEveryStep && pooling != Pooling::kLast) {
      throw std::invalid_argument("tbptt needs pooling 'last' or an output at every step");
    }
  }
  try {
    impl_ = std::make_unique<Impl>(model, settings, target_columns);
  } catch (const std::bad_alloc&) {
    // With as many gradients, and what the solver remembers of each.
    throw OutOfMemory("training " + model.memory_text(2 + find_solver(settings.solver).memories));
  }
}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer& Trainer::operator=(Trainer&&) noexcept = default;

const NetworkLayout& Trainer::model() const { return impl_->model; }
const TrainingSettings& Trainer::settings() const { return impl_->settings; }

EpochResult Trainer::run_epoch(float* parameters, const SequenceData& data, const Targets& targets,
                               std::uint32_t epoch, double learning_rate_scale, int threads,
                               KeepGoing keep_going, void* context) {
  Impl& self = *impl_;
  const TrainingSettings& settings = self.settings;
  const Dropout dropout{settings.seed, epoch, settings.dropout, settings.recurrent_dropout};
  const Minibatches batches =
      Minibatches::shuffled(data, settings.batch_size, settings.seed, epoch);
  const bool cuts = settings.tbptt > 0;
  float* gradient = self.gradient.reserve(self.model.num_parameters(), "the gradient");
  self.take_mean_weight(data, targets);
  EpochResult result;
  Impl::Sums total;
  for (std::int64_t b = 0; b < batches.count(); ++b) {
    const std::int64_t* samples = batches.samples(b);
    const std::int64_t longest = data.offsets[samples[0] + 1] - data.offsets[samples[0]];
    const std::int64_t cut = cuts ? settings.tbptt : kWholeSequence;
    CarriedStates states;
    for (std::int64_t first = 0; first < longest; first += std::min(cut, longest)) {
      if (keep_going != nullptr && !keep_going(context)) return result;
      self.batch.gather(data, samples, batches.size(b), first, cut,
                        self.model.settings().input_size, self.model.directions() == 2);
      const auto start = std::chrono::steady_clock::now();
      const int here = self.thread_choice.next(threads > 0 ? threads : max_threads());
      self.packed.load(parameters);
      const Impl::Sums sums =
          self.learn(data, targets, dropout, cuts ? &states : nullptr, gradient, here);
      if (sums.weights == 0) continue;
      const double norm = std::sqrt(self.sum_of_squares(gradient, self.model.num_parameters()));
      total.loss += sums.loss;
      total.weights += sums.weights;
      result.loss = total.loss / total.weights;
      if (!std::isfinite(sums.loss) || !std::isfinite(norm)) {
        result.diverged = true;
        return result;
      }
      result.gradient_norm = std::max(result.gradient_norm, norm);
      self.update(parameters, gradient, norm, sums.weights / sums.expected_weights,
                  learning_rate_scale);
      ++result.updates;
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      self.thread_choice.record(took.count(), static_cast<double>(self.batch.rows()));
    }
  }
  result.finished = true;
  return result;
}

double Trainer::evaluate(const float* parameters, const SequenceData& data, const Targets& targets,
                         int threads, KeepGoing keep_going, void* context) {
  const NetworkLayout& model = impl_->model;
  const std::int64_t K = model.settings().output_size;
  const bool every_step = model.settings().pooling == Pooling::kEveryStep;
  const std::int64_t rows = every_step ? data.offsets[data.size] : data.size;
  const Buffer<float> outputs = make_buffer<float>(rows * K);
  if (!predict(model, parameters, data, outputs.get(), threads, keep_going, context)) return NAN;
  double loss = 0, weights = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const double weight =
        targets.weights != nullptr ? static_cast<double>(targets.weights[r]) : 1.0;
    if (weight == 0) continue;
    loss += weight * impl_->loss->row(impl_->shape, outputs.get() + r * K,
                                      targets.values + r * targets.columns, nullptr);
    weights += weight;
  }
  return weights > 0 ? loss / weights : 0;
}

double Trainer::gradient(const float* parameters, const SequenceData& data, const Targets& targets,
                         std::uint32_t epoch, float* gradient, int threads) {
  Impl& self = *impl_;
  const TrainingSettings& settings = self.settings;
  const Dropout dropout{settings.seed, epoch, settings.dropout, settings.recurrent_dropout};
  self.gather_all(data);
  self.take_mean_weight(data, targets);
  self.packed.load(parameters);
  std::fill_n(gradient, self.model.num_parameters(), 0.0f);
  const Impl::Sums sums = self.learn(data, targets, dropout, nullptr, gradient, threads);
  return sums.weights > 0 ? sums.loss / sums.weights : 0;
}

void Trainer::state_gradient_norms(const float* parameters, const SequenceData& data,
                                   const Targets& targets, float* norms, int threads) {
  Impl& self = *impl_;
  const NetworkLayout& model = self.model;
  const std::int64_t H = model.settings().hidden_size, rows = data.offsets[data.size];
  self.gather_all(data);
  self.take_mean_weight(data, targets);
  self.packed.load(parameters);
  std::fill_n(norms, model.settings().num_layers * model.directions() * rows, 0.0f);
  std::vector<Buffer<float>> dh;
  const Impl::Sums sums = self.learn(data, targets, Dropout{}, nullptr,
                                     self.gradient.reserve(model.num_parameters()), threads, &dh);
  if (sums.weights == 0) return;
  for (std::size_t place = 0; place < dh.size(); ++place, norms += rows) {
    const Batch& batch =
        self.batch.batch(static_cast<std::int64_t>(place) % model.directions() == 1);
    for (std::int64_t s = 0; s < batch.steps(); ++s) {
      for (std::int64_t i = 0; i < batch.active(s); ++i) {
        const float* from = dh[place].get() + batch.packed_row(s, i) * H;
        const std::int64_t t = batch.reverse() ? batch.length(i) - 1 - s : s;
        norms[data.offsets[self.batch.sample(i)] + t] =
            static_cast<float>(std::sqrt(self.sum_of_squares(from, H)));
      }
    }
  }
}

std::int64_t Trainer::memories() const { return impl_->solver->memories; }
float* Trainer::memory() { return impl_->memory.get(); }
std::int64_t Trainer::updates() const { return impl_->updates; }
void Trainer::set_updates(std::int64_t updates) { impl_->updates = updates; }

}  // namespace skrnn
