#include <cstring>
#include <stdexcept>
#include <string>

#include "losses/absolute.h"
#include "losses/binary_cross_entropy.h"
#include "losses/cross_entropy.h"
#include "losses/gaussian_nll.h"
#include "losses/huber.h"
#include "losses/poisson.h"
#include "losses/quantile.h"
#include "losses/squared.h"

namespace skrnn {

const std::vector<Loss>& losses() {
  static const std::vector<Loss> table = {
      cross_entropy::kLoss, binary_cross_entropy::kLoss,
      squared::kLoss,       absolute::kLoss,
      huber::kLoss,         quantile::kLoss,
      gaussian_nll::kLoss,  poisson::kLoss,
  };
  return table;
}

const Loss& find_loss(const char* name) {
  std::string known;
  for (const Loss& loss : losses()) {
    if (std::strcmp(name, loss.name) == 0) return loss;
    known += (known.empty() ? "" : ", ") + std::string(loss.name);
  }
  throw std::invalid_argument("unknown loss '" + std::string(name) + "'; choose one of: " + known);
}

}  // namespace skrnn
