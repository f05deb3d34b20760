// What a network is trained for, and so what its outputs mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skrnn {

struct LossSettings {
  std::string name = "squared_error";
  double delta = 1.0;             // of the huber loss
  std::vector<double> quantiles;  // of the quantile loss
};

// Names of what a loss may be.
struct LossInfo {
  std::string name;
  std::string description;
};
std::vector<LossInfo> list_losses();

// Columns of outputs that `targets` columns of targets need under a loss; 0: any number.
std::int64_t outputs_for(const LossSettings& loss, std::int64_t targets);

// Throws std::invalid_argument for an unknown name, for a value out of range, and where the loss
// needs another number of outputs for as many columns of targets.
void check_loss(const LossSettings& loss, std::int64_t targets, std::int64_t outputs);

}  // namespace skrnn
