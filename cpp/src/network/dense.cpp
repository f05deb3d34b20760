#include "network/dense.h"

#include <algorithm>

#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/dispatch.h"
#include "layer/grid.h"

namespace skrnn {

Dense::Dense(ParameterList& parameters, const std::string& name, Index inputs, Index outputs)
    : kernels_(&active_kernels().matrix), inputs_(inputs), outputs_(outputs) {
  Parameter weight;
  weight.name = name + ".weight";
  weight.shape = {outputs, inputs};
  weight.decays = true;
  weight_ = parameters.add(weight);
  Parameter bias;
  bias.name = name + ".bias";
  bias.shape = {outputs};
  bias_ = parameters.add(bias);
}

void Dense::load(const float* parameters, bool trains) {
  constexpr const char* kWhat = "the packed weights of the head";
  const float* weight = parameters + weight_;
  kernels_->pack({outputs_, inputs_, weight, inputs_, 1, parameters + bias_},
                 packed_.reserve(kernels_->size(outputs_, inputs_), kWhat));
  if (!trains) return;
  kernels_->pack({inputs_, outputs_, weight, 1, inputs_, nullptr},
                 packed_back_.reserve(kernels_->size(inputs_, outputs_), kWhat));
}

void Dense::step(Index rows, const float* x, float* y, void* scratch) const noexcept {
  kernels_->multiply(forward_args(x, y), {0, rows}, scratch);
}

const float* DensePass::forward(Index rows, const float* x, int threads) {
  x_ = x;
  float* y = y_.reserve(rows * dense_.outputs());
  multiply(dense_.forward_args(x, y), rows, threads);
  return y;
}

float* DensePass::backward(Index rows, const float* dy, float* gradient, int threads) {
  const MatrixKernels& kernels = *dense_.kernels_;
  const Index F = dense_.inputs(), K = dense_.outputs();
  float* dx = dx_.reserve(rows * F);
  multiply({F, K, dense_.packed_back_.get(), dy, K, dx, F, false}, rows, threads);

  double* sums = sums_.reserve(K);
  std::fill_n(sums, K, 0.0);
  for (Index r = 0; r < rows; ++r) {
    for (Index k = 0; k < K; ++k) sums[k] += static_cast<double>(dy[r * K + k]);
  }
  std::transform(sums, sums + K, gradient + dense_.bias_,
                 [](double a) { return static_cast<float>(a); });

  // dW = dy^T x, a chunk of rows after the other: the chunk is the inner dimension.
  constexpr Index kChunk = 1024;
  for (Index begin = 0; begin < rows; begin += kChunk) {
    const Index count = std::min(kChunk, rows - begin);
    float* transposed = transposed_.reserve(K * std::min(kChunk, rows));
    float* packed = packed_rows_.reserve(kernels.size(F, std::min(kChunk, rows)));
    kernels.transpose(dy + begin * K, K, count, K, transposed, count);
    kernels.pack({F, count, x_ + begin * F, 1, F, nullptr}, packed);
    multiply({F, count, packed, transposed, count, gradient + dense_.weight_, F, begin > 0}, K,
             threads);
  }
  return dx;
}

void DensePass::multiply(MatrixArgs args, Index rows, int threads) {
  const MatrixKernels& kernels = *dense_.kernels_;
  // Multiply-adds below which another thread costs more than it brings.
  constexpr Index kWorkPerThread = 500'000;
  const Index worth = rows * args.columns * args.inner / kWorkPerThread;
  if (threads <= 0) threads = max_threads();
  if (threads_lost()) threads = 1;
  threads = static_cast<int>(std::clamp<Index>(std::min(worth, rows), 1, threads));
  const std::size_t size = kernels.scratch(args.inner);
  char* scratch = scratch_.reserve(static_cast<std::int64_t>(size) * threads);
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    const Range range = equal_share(rows, team.thread, team.threads);
    if (range.begin < range.end) {
      kernels.multiply(args, range, scratch + size * static_cast<std::size_t>(team.thread));
    }
  });
}

}  // namespace skrnn
