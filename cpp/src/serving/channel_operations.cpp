#include "serving/channel_operations.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/choice.h"

namespace skrnn {
namespace {

using Kind = ChannelOperation::Kind;

struct NamedOperation {
  const char* name;
  Kind kind;
};
constexpr NamedOperation kOperations[] = {{"subtract", Kind::kSubtract},
                                          {"divide", Kind::kDivide},
                                          {"multiply", Kind::kMultiply},
                                          {"add", Kind::kAdd},
                                          {"fill", Kind::kFill}};

template <class T>
T combine(Kind kind, T x, T value) {
  switch (kind) {
    case Kind::kSubtract:
      return x - value;
    case Kind::kDivide:
      return x / value;
    case Kind::kMultiply:
      return x * value;
    case Kind::kFill:
      return std::isnan(x) ? value : x;
    case Kind::kAdd:
      break;
  }
  return x + value;
}

}  // namespace

const char* name_of(Kind kind) {
  return std::find_if(std::begin(kOperations), std::end(kOperations),
                      [&](const NamedOperation& item) { return item.kind == kind; })
      ->name;
}

Kind find_operation(const std::string& name) {
  return choose(std::begin(kOperations), std::end(kOperations), name, "operation").kind;
}

bool ServingSettings::fills_nan() const {
  return std::any_of(operations.begin(), operations.end(), [](const ChannelOperation& operation) {
    return operation.kind == Kind::kFill;
  });
}

template <class T>
void apply(const std::vector<ChannelOperation>& operations, std::int64_t rows, std::int64_t C,
           const T* raw, float* prepared) noexcept {
  // A few channels at a time, in a buffer on the stack: nothing is allocated.
  constexpr std::int64_t kAtOnce = 64;
  T channels[kAtOnce];
  for (std::int64_t row = 0; row < rows; ++row, raw += C, prepared += C) {
    for (std::int64_t begin = 0; begin < C; begin += kAtOnce) {
      const std::int64_t count = std::min(kAtOnce, C - begin);
      std::copy_n(raw + begin, count, channels);
      for (const ChannelOperation& operation : operations) {
        const double* values = operation.values.data() + begin;
        for (std::int64_t i = 0; i < count; ++i) {
          channels[i] = operation.in_float64
                            ? static_cast<T>(combine(operation.kind,
                                                     static_cast<double>(channels[i]), values[i]))
                            : combine(operation.kind, channels[i], static_cast<T>(values[i]));
        }
      }
      std::transform(channels, channels + count, prepared + begin,
                     [](T x) { return static_cast<float>(x); });
    }
  }
}

template void apply(const std::vector<ChannelOperation>&, std::int64_t, std::int64_t, const float*,
                    float*) noexcept;
template void apply(const std::vector<ChannelOperation>&, std::int64_t, std::int64_t, const double*,
                    float*) noexcept;

}  // namespace skrnn
