// What a loss is: a function of one row of outputs and its targets.
//
// A row is a sequence, or a step of one. With several outputs a row, every loss but the cross
// entropy is the mean over them, so that a learning rate suits any number.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace skrnn {

struct LossShape {
  std::int64_t outputs;                // K, columns of outputs
  std::int64_t targets;                // columns of targets
  double delta = 1.0;                  // of huber
  std::vector<double> quantiles = {};  // of quantile
};

struct Loss {
  const char* name;
  const char* description;

  // Columns of outputs that as many columns of targets need; 0 where any number will do.
  std::int64_t (*outputs_for)(const LossShape&);
  // The loss of one row, and its gradient by the outputs ([K], or null for none).
  double (*row)(const LossShape&, const float* outputs, const float* targets, float* gradient);
  // What the outputs of one row mean (probabilities, numbers, rates), in place.
  void (*link)(const LossShape&, float* outputs);
};

// Every loss, in the order in which users see them.
const std::vector<Loss>& losses();

// Throws std::invalid_argument for an unknown name.
const Loss& find_loss(const char* name);

// The mean over outputs of a loss each target has for itself; `slope` gives it and its derivative.
template <class Slope>
double mean_of_each(const LossShape& shape, const float* outputs, const float* targets,
                    float* gradient, const Slope& slope) {
  const double share = 1.0 / static_cast<double>(shape.targets);
  double sum = 0;
  for (std::int64_t k = 0; k < shape.targets; ++k) {
    double derivative;
    sum += slope(static_cast<double>(outputs[k]), static_cast<double>(targets[k]), derivative);
    if (gradient) gradient[k] = static_cast<float>(derivative * share);
  }
  return sum * share;
}

inline std::int64_t one_output_each(const LossShape& shape) { return shape.targets; }
inline void as_it_is(const LossShape&, float*) {}

}  // namespace skrnn
