// A dense layer: y = x W^T + b for each row.
#pragma once

#include <optional>
#include <string>

#include "base/buffer.h"
#include "layer/kernel_table.h"
#include "network/parameter_list.h"

namespace skrnn {

// W and b, the parameters <name>.weight [K, F] and <name>.bias [K], packed for the kernels.
class Dense {
 public:
  // `tied` is the place in the arena of a W that is another part's parameter, which then adds its
  // gradient to the one that this layer writes.
  Dense(ParameterList& parameters, const std::string& name, Index inputs, Index outputs,
        std::optional<Index> tied = std::nullopt);

  // Packs the parameters, or with `trains` keeps where they are: they must stay valid and unchanged
  // while passes use them.
  void load(const float* parameters, bool trains);

  Index inputs() const { return inputs_; }    // F
  Index outputs() const { return outputs_; }  // K

  // On the calling thread, with `step_scratch()` bytes on a cache line.
  std::size_t step_scratch() const { return kernels_->scratch(inputs_); }
  void step(Index rows, const float* x /* [rows, F] */, float* y /* [rows, K] */,
            void* scratch) const noexcept;

 private:
  friend class DensePass;
  MatrixArgs packed_args(const float* x, float* y) const {
    return {outputs_, inputs_, packed_.get(), x, inputs_, y, outputs_, false};
  }

  const MatrixKernels* kernels_;
  Index inputs_, outputs_;
  Index weight_, bias_;                // offsets in the arena of parameters
  const float* parameters_ = nullptr;  // in training
  Workspace<float> packed_;            // otherwise
};

// A dense layer in one pass of a minibatch.
class DensePass {
 public:
  // `spare` floats behind the outputs are left to the caller.
  explicit DensePass(const Dense& dense, Index spare = 0) : dense_(dense), spare_(spare) {}

  // [rows, K], valid until the next call. x is [rows, F], and must stay valid until backward.
  float* forward(Index rows, const float* x, int threads);

  // The gradients of the last forward pass: returns dL/dx [rows, F], valid until the next call,
  // which the caller may overwrite. The gradients of W and b are written to their places in the
  // arena `gradient`.
  float* backward(Index rows, const float* dy /* [rows, K] */, float* gradient, int threads);
  // The same without dL/dx.
  void backward_parameters(Index rows, const float* dy, float* gradient, int threads);

  Index outputs() const { return dense_.outputs(); }  // K

 private:
  // The gradient of the bias: sums over rows of dy, in float64.
  void sum_rows(Index rows, const float* dy, float* dbias, int threads);
  // dW = dy^T x.
  void weight_gradient(Index rows, const float* dy, float* dweight, int threads);
  void multiply(const MatrixArgs& args, Index rows, int threads);
  void multiply(const UnpackedArgs& args, Index rows, int threads);

  const Dense& dense_;
  const Index spare_;
  const float* x_ = nullptr;      // of the last forward pass
  Workspace<float> y_, dx_;       // [rows, K] and the spare floats, [rows, F]
  Workspace<float> packed_rows_;  // of x
  Workspace<double> sums_;        // [K]
  Workspace<char> scratch_;
};

}  // namespace skrnn
