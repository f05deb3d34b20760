// A loss is a function of one row of outputs and its targets.
//
// A row is a sequence, or a step of one. With several outputs per row, every loss but the
// cross-entropy is the mean over them, so that the same learning rate suits any number of outputs.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "layer/kernel_table.h"
#include "skrnn/loss.h"

namespace skrnn {

// An option that a loss declares: a number, or a list of one or more of them.
struct OptionRule {
  const char* name;
  bool is_list;
  double default_value;  // of a number; a list has none and is required
  bool (*allows)(double);
  const char* range;  // the condition of `allows`, as in "must be above 0"
};

// The options of one loss.
struct OptionRules {
  const OptionRule* rules = nullptr;
  int count = 0;

  constexpr OptionRules() = default;
  template <int kCount>
  constexpr OptionRules(const OptionRule (&array)[kCount]) : rules(array), count(kCount) {}
  const OptionRule* begin() const { return rules; }
  const OptionRule* end() const { return rules + count; }
};

// The arguments of a loss besides its row.
struct LossContext {
  std::int64_t outputs;  // K, columns of outputs
  std::int64_t targets;  // columns of targets
  // The values of each option, in the order in which the loss declares them; one value for a
  // number.
  std::vector<std::vector<double>> options;
  const KernelTable* kernels;
};

// The targets are y = scale z + mean, where z is what the network was trained on.
struct TargetUnits {
  const double* mean;   // [targets], or null for zeros
  const double* scale;  // [targets], or null for ones

  double difference(std::int64_t target, double z) const { return scale ? z * scale[target] : z; }
  double value(std::int64_t target, double z) const {
    const double scaled = difference(target, z);
    return mean ? scaled + mean[target] : scaled;
  }
};

struct Loss {
  const char* name;
  const char* description;

  // Columns of outputs that context.targets columns of targets need; 0: any number.
  std::int64_t (*outputs_for)(const LossContext&);
  // The loss of one row, and its gradient by the outputs ([K], or null for none). A target that is
  // NaN is missing: it adds nothing to either. Classes are never missing.
  double (*row)(const LossContext&, const float* outputs, const float* targets, float* gradient);
  // Turns the outputs of one row into probabilities, numbers or rates, in place.
  void (*link)(const LossContext&, float* outputs);
  // Turns the result of `link` into answers, in float64 and in the units of the targets.
  void (*answer)(const LossContext&, const float* linked, const TargetUnits&, double* answers);

  OptionRules options = {};
};

// Every loss, in the order in which users see them.
const std::vector<Loss>& losses();

// Throws std::invalid_argument for an unknown name.
const Loss& find_loss(const std::string& name);

// Throws std::invalid_argument as check_loss does.
LossContext context_of(const LossSettings& loss, std::int64_t targets, std::int64_t outputs);

// The mean over targets of a loss with one output for each target; `slope` returns the loss of one
// target and sets its derivative.
template <class Slope>
double mean_of_each(const LossContext& context, const float* outputs, const float* targets,
                    float* gradient, const Slope& slope) {
  const double share = 1.0 / static_cast<double>(context.targets);
  double sum = 0;
  for (std::int64_t k = 0; k < context.targets; ++k) {
    double derivative = 0;
    const auto target = static_cast<double>(targets[k]);
    if (!std::isnan(target)) sum += slope(static_cast<double>(outputs[k]), target, derivative);
    if (gradient) gradient[k] = static_cast<float>(derivative * share);
  }
  return sum * share;
}

inline std::int64_t one_output_each(const LossContext& context) { return context.targets; }
inline void identity(const LossContext&, float*) {}
inline void value_of_each(const LossContext& context, const float* linked, const TargetUnits& units,
                          double* answers) {
  for (std::int64_t k = 0; k < context.targets; ++k) {
    answers[k] = units.value(k, static_cast<double>(linked[k]));
  }
}

}  // namespace skrnn
