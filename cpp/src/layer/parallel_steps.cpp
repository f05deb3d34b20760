#include "layer/parallel_steps.h"

#include <algorithm>
#include <vector>

#include "base/buffer.h"
#include "layer/shared_steps.h"

namespace skrnn {
namespace {

// Parallel steps as B * M sequences of one step, for cells whose recurrent products depend on the
// input: they have nothing to share.
class SeparateSteps : public ParallelSteps {
 public:
  SeparateSteps(const Layer& layer, bool trains)
      : layer_(layer), trains_(trains), states_(layer.cell().states.size()) {}

  const float* forward(const StepInputs& inputs, const float* const* states, int threads) override {
    const Index I = layer_.input_size(), H = layer_.hidden_size(), M = inputs.steps;
    inputs_ = inputs;
    if (inputs.shared) {
      float* x = x_.reserve(inputs.rows() * I);
      for (Index b = 0; b < inputs.sequences; ++b) std::copy_n(inputs.x, M * I, x + b * M * I);
      inputs_.x = x;
    }
    for (std::size_t k = 0; k < states_.size(); ++k) {
      float* copies = states_[k].reserve(inputs.rows() * H);
      for (Index row = 0; row < inputs.rows(); ++row) {
        std::copy_n(states[k] + row / M * H, H, copies + row * H);
      }
    }
    layer_.forward(batch(), inputs_.x, pointers(states_).data(), y_.reserve(inputs.rows() * H),
                   nullptr, trains_ ? &cache_ : nullptr, threads);
    return y_.get();
  }

  void backward(const float* dy, float* dx, float* const* dstates, const LayerGradients& gradients,
                int threads) override {
    const Index I = layer_.input_size(), H = layer_.hidden_size();
    const Index B = inputs_.sequences, M = inputs_.steps;
    std::vector<float*> of_rows;
    dstates_.resize(states_.size());
    for (Workspace<float>& dstate : dstates_) of_rows.push_back(dstate.reserve(inputs_.rows() * H));
    float* dx_rows = inputs_.shared ? dx_.reserve(inputs_.rows() * I) : dx;
    layer_.backward(batch(), inputs_.x, pointers(states_).data(), y_.get(), cache_, dy, nullptr,
                    dx_rows, of_rows.data(), gradients, threads);
    for (std::size_t k = 0; k < states_.size(); ++k) {
      for (Index b = 0; b < B; ++b) add_up(of_rows[k] + b * M * H, M, H, dstates[k] + b * H);
    }
    if (inputs_.shared) add_up(dx_rows, B, M * I, dx);
  }

 private:
  Batch batch() const { return Batch::padded(1, inputs_.rows(), nullptr, false); }

  static std::vector<const float*> pointers(const std::vector<Workspace<float>>& states) {
    std::vector<const float*> result;
    for (const Workspace<float>& state : states) result.push_back(state.get());
    return result;
  }

  // The sum of the rows of [rows, columns].
  static void add_up(const float* from, Index rows, Index columns, float* to) {
    std::copy_n(from, columns, to);
    for (Index row = 1; row < rows; ++row) {
      for (Index c = 0; c < columns; ++c) to[c] += from[row * columns + c];
    }
  }

  const Layer& layer_;
  const bool trains_;
  StepInputs inputs_{};  // of the last forward pass, with x of all rows
  Cache cache_;
  Workspace<float> x_, dx_;                         // [B * M, I], if the inputs are shared
  std::vector<Workspace<float>> states_, dstates_;  // [B * M, H] each
  Workspace<float> y_;                              // [B * M, H]
};

}  // namespace

std::unique_ptr<ParallelSteps> make_parallel_steps(const Layer& layer, bool trains) {
  std::unique_ptr<ParallelSteps> shared = SharedSteps::make(layer, trains);
  return shared ? std::move(shared) : std::make_unique<SeparateSteps>(layer, trains);
}

}  // namespace skrnn
