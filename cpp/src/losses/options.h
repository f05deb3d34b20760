// The options of a loss: given values are checked against those that the loss declares.
#pragma once

#include <vector>

#include "losses/loss.h"

namespace skrnn {

// The values of each option of `loss`, in the order in which it declares them. Throws
// std::invalid_argument that names the option, its value and the fix.
std::vector<std::vector<double>> resolve_options(const Loss& loss, const LossSettings& settings);

}  // namespace skrnn
