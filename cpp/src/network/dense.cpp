#include "network/dense.h"

#include <algorithm>

#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/dispatch.h"
#include "layer/grid.h"

namespace skrnn {
namespace {

constexpr Index kWorkPerThread = 500'000;  // multiply-adds that make a thread worth its start

}  // namespace

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
  parameters_ = trains ? parameters : nullptr;
  if (trains) return;
  kernels_->pack(
      {outputs_, inputs_, parameters + weight_, inputs_, 1, parameters + bias_},
      packed_.reserve(kernels_->size(outputs_, inputs_), "the packed weights of the head"));
}

void Dense::step(Index rows, const float* x, float* y, void* scratch) const noexcept {
  kernels_->multiply(packed_args(x, y), {0, rows}, scratch);
}

float* DensePass::forward(Index rows, const float* x, int threads) {
  x_ = x;
  const Index F = dense_.inputs(), K = dense_.outputs();
  float* y = y_.reserve(rows * K + spare_);
  if (const float* parameters = dense_.parameters_) {
    const PackArgs weight{K, F, parameters + dense_.weight_, F, 1, parameters + dense_.bias_};
    multiply(UnpackedArgs{weight, x, F, y, K}, rows, threads);
  } else {
    multiply(dense_.packed_args(x, y), rows, threads);
  }
  return y;
}

float* DensePass::backward(Index rows, const float* dy, float* gradient, int threads) {
  const Index F = dense_.inputs(), K = dense_.outputs();
  float* dx = dx_.reserve(rows * F);
  const PackArgs transpose{F, K, dense_.parameters_ + dense_.weight_, 1, F, nullptr};
  multiply(UnpackedArgs{transpose, dy, K, dx, F}, rows, threads);
  backward_parameters(rows, dy, gradient, threads);
  return dx;
}

void DensePass::backward_parameters(Index rows, const float* dy, float* gradient, int threads) {
  sum_rows(rows, dy, gradient + dense_.bias_, threads);
  weight_gradient(rows, dy, gradient + dense_.weight_, threads);
}

// One chunk of rows after another, the inner dimension of the product. A thread transposes some
// columns of dy and multiplies them while they are in its cache.
void DensePass::weight_gradient(Index rows, const float* dy, float* dweight, int threads) {
  constexpr Index kChunk = 1024, kColumns = 96;
  const MatrixKernels& kernels = *dense_.kernels_;
  const Index F = dense_.inputs(), K = dense_.outputs(), most = std::min(kChunk, rows);
  float* packed = packed_rows_.reserve(kernels.size(F, most));
  threads = threads_worth(K, rows * K * F, kWorkPerThread, threads);
  const std::size_t own = kernels.scratch(most), size = own + sizeof(float) * most * kColumns;
  char* scratch = scratch_.reserve(static_cast<std::int64_t>(size) * threads);
  for (Index begin = 0; begin < rows; begin += kChunk) {
    const Index count = std::min(kChunk, rows - begin);
    kernels.pack({F, count, x_ + begin * F, 1, F, nullptr}, packed);
    run_parallel(threads, [&](const Team& team) {
      const FlushSubnormals guard;
      char* mine = scratch + size * static_cast<std::size_t>(team.thread);
      auto* transposed = reinterpret_cast<float*>(mine + own);
      const Range columns = equal_share(K, team.thread, team.threads);
      for (Index k = columns.begin; k < columns.end; k += kColumns) {
        const Index n = std::min(kColumns, columns.end - k);
        kernels.transpose(dy + begin * K + k, K, count, n, transposed, count);
        kernels.multiply({F, count, packed, transposed, count, dweight + k * F, F, begin > 0},
                         {0, n}, mine);
      }
    });
  }
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

void DensePass::multiply(const MatrixArgs& args, Index rows, int threads) {
  const MatrixKernels& kernels = *dense_.kernels_;
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

// Threads have panels of their own, if there are enough, since each packs those that it multiplies.
// The scratch memory of a thread is that of one share; a team smaller than asked for takes several.
void DensePass::multiply(const UnpackedArgs& args, Index rows, int threads) {
  const MatrixKernels& kernels = *dense_.kernels_;
  const Index panels = kernels.panels(args.matrix.columns), inner = args.matrix.inner;
  threads = threads_worth(std::max(rows, panels), rows * args.matrix.columns * inner,
                          kWorkPerThread, threads);
  const bool cuts_panels = panels >= 4 * threads;
  const Index units = cuts_panels ? panels : rows, largest = (units + threads - 1) / threads;
  const std::size_t size =
      kernels.unpacked_scratch(inner, cuts_panels ? largest : panels, cuts_panels ? rows : largest);
  char* scratch = scratch_.reserve(static_cast<std::int64_t>(size) * threads);
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    for (int share = team.thread; share < threads; share += team.threads) {
      Range of_panels{0, panels}, of_rows{0, rows};
      (cuts_panels ? of_panels : of_rows) = equal_share(units, share, threads);
      if (of_panels.begin < of_panels.end && of_rows.begin < of_rows.end) {
        kernels.multiply_unpacked(args, of_panels, of_rows,
                                  scratch + size * static_cast<std::size_t>(team.thread));
      }
    }
  });
}

}  // namespace skrnn
