#include <stdexcept>
#include <string>

#include "base/choice.h"
#include "layer/dispatch.h"
#include "losses/absolute_error.h"
#include "losses/binary_cross_entropy.h"
#include "losses/cross_entropy.h"
#include "losses/gaussian_nll.h"
#include "losses/huber.h"
#include "losses/options.h"
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

LossContext context_of(const LossSettings& settings, std::int64_t targets, std::int64_t outputs) {
  const Loss& loss = find_loss(settings.name);
  LossContext context{outputs, targets, resolve_options(loss, settings), &active_kernels()};
  constexpr std::int64_t kMostTargets = std::int64_t{1} << 30;  // far below overflow
  if (targets < 1 || targets > kMostTargets) {
    throw std::invalid_argument("targets must be between 1 and 2^30, got " +
                                std::to_string(targets));
  }
  const std::int64_t wanted = loss.outputs_for(context);
  if (wanted != 0 && wanted != outputs) {
    throw std::invalid_argument("loss '" + settings.name + "' needs output_size " +
                                std::to_string(wanted) + " for " + std::to_string(targets) +
                                " target(s), got " + std::to_string(outputs));
  }
  return context;
}

std::vector<LossInfo> list_losses() {
  std::vector<LossInfo> result;
  for (const Loss& loss : losses()) {
    LossInfo& info = result.emplace_back();
    info.name = loss.name;
    info.description = loss.description;
    for (const OptionRule& rule : loss.options) info.options.emplace_back(rule.name);
  }
  return result;
}

std::int64_t outputs_for(const LossSettings& settings, std::int64_t targets) {
  const Loss& loss = find_loss(settings.name);
  return loss.outputs_for({0, targets, resolve_options(loss, settings), nullptr});
}

void check_loss(const LossSettings& loss, std::int64_t targets, std::int64_t outputs) {
  context_of(loss, targets, outputs);
}

}  // namespace skrnn
