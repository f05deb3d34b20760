// Schedules of the learning rate.
#pragma once

#include <string>

namespace skrnn {

enum class Schedule { kConstant, kCosine, kOneCycle };

// By the names "constant", "cosine" and "one_cycle". Throws std::invalid_argument for any other.
Schedule find_schedule(const std::string& name);

}  // namespace skrnn
