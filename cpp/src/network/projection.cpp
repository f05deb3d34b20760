#include "network/projection.h"

namespace skrnn {
namespace {

// In place; NaN stays NaN, so that it is not lost.
void rectify(std::int64_t n, float* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = y[i] < 0 ? 0.0f : y[i];
}

}  // namespace

void Projection::step(std::int64_t rows, const float* x, float* y, void* scratch) const noexcept {
  dense_.step(rows, x, y, scratch);
  rectify(rows * size(), y);
}

const float* ProjectionPass::forward(std::int64_t rows, const float* x, int threads) {
  float* y = dense_.forward(rows, x, threads);
  rectify(rows * dense_.outputs(), y);
  y_ = y;
  return y;
}

void ProjectionPass::backward(std::int64_t rows, float* dy, float* gradient, int threads) {
  for (std::int64_t i = 0; i < rows * dense_.outputs(); ++i) {
    if (y_[i] <= 0) dy[i] = 0;
  }
  dense_.backward_parameters(rows, dy, gradient, threads);
}

}  // namespace skrnn
