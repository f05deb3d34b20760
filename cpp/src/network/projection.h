// A dense layer and a ReLU, which the channels of each step go through before the stack.
#pragma once

#include <cstdint>
#include <string>

#include "network/dense.h"
#include "network/parameter_list.h"

namespace skrnn {

// y = max(0, x W^T + b), with the parameters <name>.weight [P, C] and <name>.bias [P].
class Projection {
 public:
  Projection(ParameterList& parameters, const std::string& name, std::int64_t channels,
             std::int64_t size)
      : dense_(parameters, name, channels, size) {}

  void load(const float* parameters, bool trains) { dense_.load(parameters, trains); }

  std::int64_t size() const { return dense_.outputs(); }  // P
  const Dense& dense() const { return dense_; }

  // As Dense::step.
  std::size_t step_scratch() const { return dense_.step_scratch(); }
  void step(std::int64_t rows, const float* x /* [rows, C] */, float* y /* [rows, P] */,
            void* scratch) const noexcept;

 private:
  Dense dense_;
};

// A projection in one pass of a minibatch.
class ProjectionPass {
 public:
  explicit ProjectionPass(const Projection& projection) : dense_(projection.dense()) {}

  // [rows, P], valid until the next call. x is [rows, C], and must stay valid until backward.
  const float* forward(std::int64_t rows, const float* x, int threads);
  // Writes the gradients of W and b to their places in the arena `gradient`, given dL/dy, which is
  // overwritten.
  void backward(std::int64_t rows, float* dy /* [rows, P] */, float* gradient, int threads);

 private:
  DensePass dense_;
  const float* y_ = nullptr;  // of the last forward pass
};

}  // namespace skrnn
