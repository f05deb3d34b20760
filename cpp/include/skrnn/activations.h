// The kernels' own activation functions on plain arrays, so that their accuracy can be measured.
#pragma once

#include <cstdint>

namespace skrnn {

// y[i] = 1 / (1 + exp(-x[i])) and y[i] = tanh(x[i]) for i in 0..n-1, on the active instruction set.
void sigmoid(const float* x, float* y, std::int64_t n);
void tanh(const float* x, float* y, std::int64_t n);

}  // namespace skrnn
