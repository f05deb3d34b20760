// Losses: what training minimises, which also gives the outputs their meaning.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace skrnn {

// A number, or a list of numbers.
using LossOption = std::variant<double, std::vector<double>>;

struct LossSettings {
  std::string name = "squared_error";
  // By name: "delta", a number above 0, of "huber", 1 by default; "quantiles", a list of levels in
  // (0, 1), of "quantile". The other losses have none.
  std::map<std::string, LossOption> options = {};
};

// A loss, and the names of its options.
struct LossInfo {
  std::string name;
  std::string description;
  std::vector<std::string> options;
};
std::vector<LossInfo> list_losses();

// Columns of outputs that `targets` columns of targets need under a loss; 0: any number. Throws
// std::invalid_argument for an unknown loss, and for options that are not its own.
std::int64_t outputs_for(const LossSettings& loss, std::int64_t targets);

// Throws std::invalid_argument for an unknown loss, for an option that it does not have, that is
// missing or out of range, and where the loss needs another number of outputs for as many columns
// of targets.
void check_loss(const LossSettings& loss, std::int64_t targets, std::int64_t outputs);

}  // namespace skrnn
