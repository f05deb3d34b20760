// A dense layer: y = x W^T + b for each row.
#pragma once

#include "base/buffer.h"
#include "layer/kernel_table.h"

namespace skrnn {

// Memory for the passes of a Dense, one for each thread that calls.
struct DenseWorkspace {
  Workspace<float> transposed;   // [K, chunk of rows] of dy
  Workspace<float> packed_rows;  // of x
  Workspace<double> sums;        // [K]
  Workspace<char> scratch;
};

class Dense {
 public:
  Dense(const MatrixKernels& kernels, Index inputs, Index outputs)
      : kernels_(&kernels), inputs_(inputs), outputs_(outputs) {}

  // Keeps a copy of W and b in the kernels' layout; W's transpose too where `trains`.
  void load(const float* weight /* [K, F] */, const float* bias /* [K] */, bool trains);

  void forward(Index rows, const float* x /* [rows, F] */, float* y /* [rows, K] */, int threads,
               DenseWorkspace& workspace) const;

  // The same on the calling thread, with `step_scratch()` bytes on a cache line.
  std::size_t step_scratch() const { return kernels_->scratch(inputs_); }
  void step(Index rows, const float* x, float* y, void* scratch) const noexcept;

  // Gradients are written whole.
  void backward(Index rows, const float* x, const float* dy /* [rows, K] */,
                float* dx /* [rows, F] */, float* dweight, float* dbias, int threads,
                DenseWorkspace& workspace) const;

 private:
  MatrixArgs forward_args(const float* x, float* y) const {
    return {outputs_, inputs_, packed_.get(), x, inputs_, y, outputs_, false};
  }
  // The gradient of the bias: sums over rows of dy, in float64.
  void sum_rows(Index rows, const float* dy, float* dbias, int threads,
                Workspace<double>& sums) const;
  void multiply(MatrixArgs args, Index rows, int threads, Workspace<char>& scratch) const;

  const MatrixKernels* kernels_;
  Index inputs_;   // F
  Index outputs_;  // K
  Workspace<float> packed_, packed_back_;
};

}  // namespace skrnn
