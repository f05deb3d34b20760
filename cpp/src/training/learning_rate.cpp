#include "training/learning_rate.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/choice.h"

namespace skrnn {
namespace {

constexpr double kPi = 3.14159265358979323846;

// From `start` to `end` as progress goes from 0 to 1, with slope 0 at both ends.
double half_cosine(double start, double end, double progress) {
  return end + (start - end) * (1 + std::cos(kPi * progress)) / 2;
}

struct NamedSchedule {
  const char* name;
  Schedule schedule;
};
constexpr NamedSchedule kSchedules[] = {{"constant", Schedule::kConstant},
                                        {"cosine", Schedule::kCosine},
                                        {"one_cycle", Schedule::kOneCycle}};

}  // namespace

Schedule find_schedule(const std::string& name) {
  return choose(std::begin(kSchedules), std::end(kSchedules), name, "schedule").schedule;
}

double schedule_at(Schedule schedule, std::int64_t update, std::int64_t total) {
  const auto step = static_cast<double>(std::min(update, total - 1));
  const auto last = static_cast<double>(total - 1);
  switch (schedule) {
    case Schedule::kConstant:
      return 1;
    // Loshchilov & Hutter, arXiv:1608.03983, equation 5.
    case Schedule::kCosine:
      return half_cosine(1, 0, step / static_cast<double>(total));
    // Smith & Topin, arXiv:1708.07120: up for three tenths, then down to almost nothing.
    case Schedule::kOneCycle: {
      constexpr double kFirst = 1.0 / 25, kLast = kFirst / 1e4;
      const double peak = std::max(0.3 * static_cast<double>(total) - 1, 0.0);
      if (step < peak) return half_cosine(kFirst, 1, step / peak);
      return total == 1 ? 1 : half_cosine(1, kLast, (step - peak) / (last - peak));
    }
  }
  return 1;
}

}  // namespace skrnn
