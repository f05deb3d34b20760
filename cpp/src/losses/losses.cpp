#include <stdexcept>
#include <string>

#include "base/choice.h"
#include "losses/absolute_error.h"
#include "losses/binary_cross_entropy.h"
#include "losses/cross_entropy.h"
#include "losses/gaussian_nll.h"
#include "losses/huber.h"
#include "losses/poisson.h"
#include "losses/quantile.h"
#include "losses/squared_error.h"
#include "skrnn/loss.h"

namespace skrnn {

const std::vector<Loss>& losses() {
  static const std::vector<Loss> table = {
      cross_entropy::kLoss, binary_cross_entropy::kLoss,
      squared_error::kLoss, absolute_error::kLoss,
      huber::kLoss,         quantile::kLoss,
      gaussian_nll::kLoss,  poisson::kLoss,
  };
  return table;
}

const Loss& find_loss(const std::string& name) {
  return choose(losses().begin(), losses().end(), name, "loss");
}

LossShape shape_of(const LossSettings& loss, std::int64_t targets, std::int64_t outputs) {
  return {outputs, targets, loss.delta, loss.quantiles};
}

std::vector<LossInfo> list_losses() {
  std::vector<LossInfo> result;
  for (const Loss& loss : losses()) result.push_back({loss.name, loss.description});
  return result;
}

std::int64_t outputs_for(const LossSettings& loss, std::int64_t targets) {
  return find_loss(loss.name).outputs_for(shape_of(loss, targets, 0));
}

void check_loss(const LossSettings& loss, std::int64_t targets, std::int64_t outputs) {
  const Loss& found = find_loss(loss.name);
  if (!(loss.delta > 0)) {
    throw std::invalid_argument("delta must be above 0, got " + std::to_string(loss.delta));
  }
  for (const double q : loss.quantiles) {
    if (!(q > 0 && q < 1)) {
      throw std::invalid_argument("quantiles must be in (0, 1), got " + std::to_string(q));
    }
  }
  if (loss.name == "quantile" && loss.quantiles.empty()) {
    throw std::invalid_argument("loss 'quantile' needs quantiles, got none");
  }
  constexpr std::int64_t kMostTargets = std::int64_t{1} << 30;  // far below overflow
  if (targets < 1 || targets > kMostTargets) {
    throw std::invalid_argument("targets must be between 1 and 2^30, got " +
                                std::to_string(targets));
  }
  const std::int64_t wanted = found.outputs_for(shape_of(loss, targets, outputs));
  if (wanted != 0 && wanted != outputs) {
    throw std::invalid_argument("loss '" + loss.name + "' needs output_size " +
                                std::to_string(wanted) + " for " + std::to_string(targets) +
                                " target(s), got " + std::to_string(outputs));
  }
}

}  // namespace skrnn
