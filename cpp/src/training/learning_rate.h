// What a schedule does to the learning rate.
#pragma once

#include <cstdint>

#include "skrnn/schedule.h"

namespace skrnn {

// What the learning rate is multiplied by at update 0..total-1.
double schedule_at(Schedule schedule, std::int64_t update, std::int64_t total);

}  // namespace skrnn
