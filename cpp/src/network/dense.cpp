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

  sum_rows(rows, dy, dbias, threads, workspace.sums);

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

// Each thread has some of the columns, so that every column is summed in the order of the rows.
void Dense::sum_rows(Index rows, const float* dy, float* dbias, int threads,
                     Workspace<double>& workspace) const {
  constexpr Index kSumsOfOne = 100'000;  // below which another thread costs more than it brings
  double* sums = workspace.reserve(outputs_);
  threads = threads_worth(outputs_, rows * outputs_, kSumsOfOne, threads);
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    const Range columns = equal_share(outputs_, team.thread, team.threads);
    std::fill(sums + columns.begin, sums + columns.end, 0.0);
    for (Index r = 0; r < rows; ++r) {
      const float* row = dy + r * outputs_;
      for (Index k = columns.begin; k < columns.end; ++k) sums[k] += static_cast<double>(row[k]);
    }
    std::transform(sums + columns.begin, sums + columns.end, dbias + columns.begin,
                   [](double a) { return static_cast<float>(a); });
  });
}

void Dense::multiply(MatrixArgs args, Index rows, int threads, Workspace<char>& workspace) const {
  // Multiply-adds below which another thread costs more than it brings.
  constexpr Index kWorkPerThread = 500'000;
  threads = threads_worth(rows, rows * args.columns * args.inner, kWorkPerThread, threads);
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
