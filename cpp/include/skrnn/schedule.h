// Schedules of the learning rate.
#pragma once

#include <string>

namespace skrnn {

enum class Schedule { kConstant, kCosine, kOneCycle };

// The schedule of that name: "constant", "cosine" or "one_cycle". Throws std::invalid_argument for
// any other name.
Schedule find_schedule(const std::string& name);

}  // namespace skrnn
