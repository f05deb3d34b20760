#include "training/optimizer.h"

#include <algorithm>
#include <cmath>

#include "base/choice.h"
#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/dispatch.h"
#include "layer/grid.h"
#include "training/learning_rate.h"

namespace skrnn {

const OptimizerKernel& find_solver(const std::string& name) {
  const KernelTable& table = active_kernels();
  return choose(table.optimizers, table.optimizers + table.num_optimizers, name, "solver");
}

std::vector<std::string> list_solvers() {
  const KernelTable& table = active_kernels();
  std::vector<std::string> names;
  for (int i = 0; i < table.num_optimizers; ++i) names.emplace_back(table.optimizers[i].name);
  return names;
}

Optimizer::Optimizer(const TrainingSettings& settings, const std::vector<Parameter>& parameters,
                     std::int64_t num_parameters)
    : settings_(settings),
      parameters_(parameters),
      num_parameters_(num_parameters),
      kernels_(active_kernels()),
      kernel_(find_solver(settings.solver)),
      state_(make_buffer<float>(kernel_.states * num_parameters)) {
  std::fill_n(state_.get(), kernel_.states * num_parameters, 0.0f);
}

double Optimizer::norm_of(const float* gradient, const GradientRanges& ranges) const {
  double sum = 0;
  for (const Range& range : ranges.get()) {
    sum += kernels_.matrix.sum_of_squares(gradient + range.begin, range.end - range.begin);
  }
  return std::sqrt(sum);
}

void Optimizer::update(float* parameters, const float* gradient, const GradientRanges& ranges,
                       double norm, double weight, double learning_rate_scale, int threads) {
  constexpr Index kParametersOfOne = 100'000;  // that make a thread worth its start
  ++updates_;
  const auto t = static_cast<double>(updates_);
  const double rate = settings_.learning_rate * learning_rate_scale *
                      schedule_at(settings_.schedule, updates_ - 1, settings_.total_updates);
  OptimizerStep step{};
  step.learning_rate = static_cast<float>(rate);
  step.gradient_scale = 1;
  // As in torch.nn.utils.clip_grad_norm_.
  const double longest = settings_.clip_norm * weight;
  if (longest > 0 && longest < norm + 1e-6) {
    step.gradient_scale = static_cast<float>(longest / (norm + 1e-6));
  }
  step.first_correction = static_cast<float>(1 / (1 - std::pow(kernel_.beta1, t)));
  step.second_correction = static_cast<float>(1 / (1 - std::pow(kernel_.beta2, t)));
  threads = threads_worth(num_parameters_, ranges.size(), kParametersOfOne, threads);
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    apply(step, parameters, gradient, ranges,
          equal_share(num_parameters_, team.thread, team.threads));
  });
}

void Optimizer::apply(OptimizerStep step, float* parameters, const float* gradient,
                      const GradientRanges& ranges, Range share) {
  auto p = parameters_.begin();
  for (const Range& range : ranges.get()) {
    const Index last = std::min(range.end, share.end);
    for (Index begin = std::max(range.begin, share.begin), end; begin < last; begin = end) {
      while (p->offset + p->size <= begin) ++p;
      end = std::min(last, p->offset + p->size);
      step.decay = p->decays ? static_cast<float>(settings_.weight_decay) : 0.0f;
      float* first = state_.get() + begin;
      float* second = kernel_.states == 2 ? first + num_parameters_ : nullptr;
      kernel_.step(step, parameters + begin, gradient + begin, first, second, end - begin);
    }
  }
}

}  // namespace skrnn
