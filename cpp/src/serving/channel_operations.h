// The operations on channels that precede the network.
#pragma once

#include <cstdint>
#include <vector>

#include "skrnn/model.h"

namespace skrnn {

// Applies all operations in order to `rows` steps of C channels, and rounds the results to float32.
// T is the type of the raw input, float or double.
template <class T>
void apply(const std::vector<ChannelOperation>& operations, std::int64_t rows, std::int64_t C,
           const T* raw, float* prepared) noexcept;

}  // namespace skrnn
