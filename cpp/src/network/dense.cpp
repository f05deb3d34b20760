#include "network/dense.h"

#include <algorithm>

#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/grid.h"

namespace skrnn {

void Dense::load(const float* weight, const float* bias, bool trains) {
  kernels_->pack(
      {outputs_, inputs_, weight, inputs_, 1, bias},
      packed_.reserve(kernels_->size(outputs_, inputs_), "the packed weights of the head"));
  if (!trains) return;
  kernels_->pack(
      {inputs_, outputs_, weight, 1, inputs_, nullptr},
      packed_back_.reserve(kernels_->size(inputs_, outputs_), "the packed weights of the head"));
}

void Dense::forward(Index rows, const float* x, float* y, int threads,
                    DenseWorkspace& workspace) const {
  multiply(forward_args(x, y), rows, threads, workspace.scratch);
}

void Dense::step(Index rows, const float* x, float* y, void* scratch) const noexcept {
  kernels_->multiply(forward_args(x, y), {0, rows}, scratch);
}

void Dense::backward(Index rows, const float* x, const float* dy, float* dx, float* dweight,
                     float* dbias, int threads, DenseWorkspace& workspace) const {
  multiply({inputs_, outputs_, packed_back_.get(), dy, outputs_, dx, inputs_, false}, rows, threads,
           workspace.scratch);

  double* sums = workspace.sums.reserve(outputs_);
  std::fill_n(sums, outputs_, 0.0);
  for (Index r = 0; r < rows; ++r) {
    for (Index k = 0; k < outputs_; ++k) sums[k] += static_cast<double>(dy[r * outputs_ + k]);
  }
  std::transform(sums, sums + outputs_, dbias, [](double a) { return static_cast<float>(a); });

  // dW = dy^T x, a chunk of rows after the other: the chunk is the inner dimension.
  constexpr Index kChunk = 1024;
  for (Index begin = 0; begin < rows; begin += kChunk) {
    const Index count = std::min(kChunk, rows - begin);
    float* transposed = workspace.transposed.reserve(outputs_ * std::min(kChunk, rows));
    float* packed = workspace.packed_rows.reserve(kernels_->size(inputs_, std::min(kChunk, rows)));
    kernels_->transpose(dy + begin * outputs_, outputs_, count, outputs_, transposed, count);
    kernels_->pack({inputs_, count, x + begin * inputs_, 1, inputs_, nullptr}, packed);
    multiply({inputs_, count, packed, transposed, count, dweight, inputs_, begin > 0}, outputs_,
             threads, workspace.scratch);
  }
}

void Dense::multiply(MatrixArgs args, Index rows, int threads, Workspace<char>& workspace) const {
  // Multiply-adds below which another thread costs more than it brings.
  constexpr Index kWorkPerThread = 500'000;
  const Index worth = rows * args.columns * args.inner / kWorkPerThread;
  if (threads <= 0) threads = max_threads();
  if (threads_lost()) threads = 1;
  threads = static_cast<int>(std::clamp<Index>(std::min(worth, rows), 1, threads));
  const std::size_t size = kernels_->scratch(args.inner);
  char* scratch = workspace.reserve(static_cast<std::int64_t>(size) * threads);
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    const Range range = equal_share(rows, team.thread, team.threads);
    if (range.begin < range.end) {
      kernels_->multiply(args, range, scratch + size * static_cast<std::size_t>(team.thread));
    }
  });
}

}  // namespace skrnn
