#include "network/dense.h"

#include <algorithm>

#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/dispatch.h"
#include "layer/grid.h"

namespace skrnn {

Dense::Dense(ParameterList& parameters, const std::string& name, Index inputs, Index outputs,
             std::optional<Index> tied)
    : kernels_(&active_kernels().matrix), inputs_(inputs), outputs_(outputs) {
  if (tied) {
    weight_ = *tied;
  } else {
    Parameter weight;
    weight.name = name + ".weight";
    weight.shape = {outputs, inputs};
    weight.decays = true;
    weight_ = parameters.add(weight);
  }
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

float* DensePass::forward(Index rows, const float* x, int threads) {
  x_ = x;
  float* y = y_.reserve(rows * dense_.outputs() + spare_);
  multiply(dense_.forward_args(x, y), rows, threads);
  return y;
}

float* DensePass::backward(Index rows, const float* dy, float* gradient, int threads) {
  const MatrixKernels& kernels = *dense_.kernels_;
  const Index F = dense_.inputs(), K = dense_.outputs();
  float* dx = dx_.reserve(rows * F);
  multiply({F, K, dense_.packed_back_.get(), dy, K, dx, F, false}, rows, threads);

  sum_rows(rows, dy, gradient + dense_.bias_, threads);

  // dW = dy^T x, one chunk of rows after another: the rows of a chunk are the inner dimension.
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

// Each thread sums a range of columns, so that every column is summed in the order of the rows.
void DensePass::sum_rows(Index rows, const float* dy, float* dbias, int threads) {
  constexpr Index kSumsOfOne = 100'000;  // sums that make a thread worth its start
  const Index K = dense_.outputs();
  double* sums = sums_.reserve(K);
  threads = threads_worth(K, rows * K, kSumsOfOne, threads);
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    const Range columns = equal_share(K, team.thread, team.threads);
    std::fill(sums + columns.begin, sums + columns.end, 0.0);
    for (Index r = 0; r < rows; ++r) {
      const float* row = dy + r * K;
      for (Index k = columns.begin; k < columns.end; ++k) sums[k] += static_cast<double>(row[k]);
    }
    std::transform(sums + columns.begin, sums + columns.end, dbias + columns.begin,
                   [](double a) { return static_cast<float>(a); });
  });
}

void DensePass::multiply(MatrixArgs args, Index rows, int threads) {
  const MatrixKernels& kernels = *dense_.kernels_;
  // Multiply-adds that make a thread worth its start.
  constexpr Index kWorkPerThread = 500'000;
  threads = threads_worth(rows, rows * args.columns * args.inner, kWorkPerThread, threads);
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
