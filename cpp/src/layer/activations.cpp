#include "skrnn/activations.h"

#include "base/floating_point.h"
#include "layer/dispatch.h"

namespace skrnn {

void sigmoid(const float* x, float* y, std::int64_t n) {
  const FlushSubnormals guard;
  active_kernels().sigmoid(x, y, n);
}

void tanh(const float* x, float* y, std::int64_t n) {
  const FlushSubnormals guard;
  active_kernels().tanh(x, y, n);
}

}  // namespace skrnn
