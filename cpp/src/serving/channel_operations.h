// The operations on channels that stand before the network.
#pragma once

#include <cstdint>
#include <vector>

#include "skrnn/model.h"

namespace skrnn {

// `rows` steps of C channels through all operations, one after the other, and to float32. T is the
// type of the raw input, float or double.
template <class T>
void apply(const std::vector<ChannelOperation>& operations, std::int64_t rows, std::int64_t C,
           const T* raw, float* prepared) noexcept;

}  // namespace skrnn
