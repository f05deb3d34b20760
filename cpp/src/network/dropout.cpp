#include "network/dropout.h"

#include <algorithm>
#include <cmath>

#include "base/philox.h"

namespace skrnn {

void Dropout::mask(double rate, std::int64_t layer, DropoutSite site, std::int64_t sample,
                   std::int64_t step, std::int64_t units, float* mask) const {
  // Unit u is word u % 4 of the counter (place * 2^16 + u / 4, step, sample, epoch).
  const auto threshold = static_cast<std::uint32_t>(std::floor(rate * 4294967296.0));
  const auto kept = static_cast<float>(1.0 / (1.0 - rate));
  const std::uint32_t place =
      static_cast<std::uint32_t>(4 * layer) + static_cast<std::uint32_t>(site);
  for (std::int64_t u = 0; u < units; u += 4) {
    const PhiloxWords words =
        philox({(place << 16) + static_cast<std::uint32_t>(u / 4), static_cast<std::uint32_t>(step),
                static_cast<std::uint32_t>(sample), epoch},
               seed);
    for (std::int64_t i = 0; i < std::min<std::int64_t>(4, units - u); ++i) {
      mask[u + i] = words[static_cast<std::size_t>(i)] < threshold ? 0.0f : kept;
    }
  }
}

}  // namespace skrnn
