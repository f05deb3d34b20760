// Schedules of the learning rate.
#pragma once

#include <cstdint>

#include "skrnn/schedule.h"

namespace skrnn {

// The factor of the learning rate at update 0..total-1.
double schedule_at(Schedule schedule, std::int64_t update, std::int64_t total);

}  // namespace skrnn
