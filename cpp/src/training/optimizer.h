// An optimiser: updates of parameters by one of the formulas in optimizers/.
//
// What has no gradient because no token of the minibatch asked for it, the rows of a large
// embedding, is left alone with its state: no moment decays, and no momentum moves it. That is the
// lazy update of PyTorch's SparseAdam, where the number of the step in bias corrections counts all
// updates, too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "layer/kernel_table.h"
#include "network/gradient_ranges.h"
#include "skrnn/network.h"
#include "skrnn/trainer.h"

namespace skrnn {

class Optimizer {
 public:
  // `parameters` are the places of all in an arena of `num_parameters` floats. Throws
  // std::invalid_argument for an unknown solver.
  Optimizer(const TrainingSettings& settings, const std::vector<Parameter>& parameters,
            std::int64_t num_parameters);

  double norm_of(const float* gradient, const GradientRanges& ranges) const;

  // Updates the parameters in `ranges`. `norm` is that of the gradient, and `weight` that of the
  // minibatch, 1 on average: the gradient of the weighted mean of its losses is clipped, or
  // clipping would cancel the larger weights of heavy rows. `learning_rate_scale` multiplies the
  // schedule.
  void update(float* parameters, const float* gradient, const GradientRanges& ranges, double norm,
              double weight, double learning_rate_scale, int threads);

  // The optimiser's state, [states, number of parameters]; zeros at first.
  std::int64_t states() const { return kernel_.states; }
  float* state() { return state_.get(); }

  std::int64_t updates() const { return updates_; }
  void set_updates(std::int64_t updates) { updates_ = updates; }

 private:
  // Applies a step to those of the parameters in `ranges` that lie within `share`.
  void apply(OptimizerStep step, float* parameters, const float* gradient,
             const GradientRanges& ranges, Range share);

  const TrainingSettings settings_;
  const std::vector<Parameter> parameters_;
  const std::int64_t num_parameters_;
  const KernelTable& kernels_;
  const OptimizerKernel& kernel_;
  Buffer<float> state_;
  std::int64_t updates_ = 0;
};

const OptimizerKernel& find_solver(const std::string& name);

}  // namespace skrnn
