// A dense layer: y = x W^T + b for each row.
#pragma once

#include "buffer.h"
#include "kernel_table.h"

namespace skrnn {

class Dense {
 public:
  Dense(const MatrixKernels& kernels, Index inputs, Index outputs)
      : kernels_(&kernels), inputs_(inputs), outputs_(outputs) {}

  // Keeps a copy of W and b in the kernels' layout; W's transpose too where `trains`.
  void load(const float* weight /* [K, F] */, const float* bias /* [K] */, bool trains);

  void forward(Index rows, const float* x /* [rows, F] */, float* y /* [rows, K] */, int threads);

  // Gradients are written whole.
  void backward(Index rows, const float* x, const float* dy /* [rows, K] */,
                float* dx /* [rows, F] */, float* dweight, float* dbias, int threads);

 private:
  void multiply(MatrixArgs args, Index rows, int threads);

  const MatrixKernels* kernels_;
  Index inputs_;   // F
  Index outputs_;  // K
  Workspace<float> packed_, packed_back_;
  Workspace<float> transposed_;   // [K, chunk of rows] of dy
  Workspace<float> packed_rows_;  // of x
  Workspace<double> sums_;        // [K]
  Workspace<char> scratch_;
};

}  // namespace skrnn
