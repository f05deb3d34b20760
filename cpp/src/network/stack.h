// A stack of recurrent layers, in one or both directions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "layer/kernel_table.h"
#include "network/dropout.h"
#include "network/minibatch.h"
#include "network/parameter_list.h"
#include "skrnn/layer.h"

namespace skrnn {

struct StackShape {
  std::string cell;
  std::int64_t input_size;  // of the first layer
  std::int64_t hidden_size;
  std::int64_t num_layers;
  std::int64_t directions;  // 1, or 2 with the reverse one

  std::int64_t features() const { return directions * hidden_size; }  // F
  std::int64_t inputs(std::int64_t layer) const { return layer == 0 ? input_size : features(); }
};

// The layers. Their parameters are those of the cell, named as PyTorch names them:
// <name>.weight_ih_l0, and with _reverse at the end those of the reverse direction.
class Stack {
 public:
  Stack(ParameterList& parameters, const std::string& name, const StackShape& shape);

  // Packs the parameters; with `trains` for backward, too.
  void load(const float* parameters, bool trains);

  const StackShape& shape() const { return shape_; }
  const Layer& layer(std::int64_t layer, std::int64_t direction) const {
    return layers_[place(layer, direction)];
  }
  // Pointers into the arena `gradient`: the gradients of a layer's parameters.
  LayerGradients gradients(std::int64_t layer, std::int64_t direction, float* gradient) const;

  // The index of a layer and direction among all.
  std::size_t place(std::int64_t layer, std::int64_t direction) const {
    return static_cast<std::size_t>(layer * shape_.directions + direction);
  }
  std::size_t places() const { return offsets_.size(); }
  Range range() const { return range_; }  // of all parameters in the arena

 private:
  StackShape shape_;
  Range range_{};
  std::vector<std::vector<std::int64_t>> offsets_;  // [place][parameter of the cell]
  std::vector<Layer> layers_;                       // [place], made by the first load
};

// The states of all layers between two cuts of a minibatch, by rank:
// [place][state of the cell][B * H].
using CarriedStates = std::vector<std::vector<std::vector<float>>>;

// The output of a stack for a minibatch.
struct StackOutput {
  const float* h;     // [rows, F], of every step
  const float* last;  // [B, F], the last h of each direction
};
// Gradients by the states of all layers, by rank: [place][state of the cell] of [B, H].
using StateGradients = std::vector<std::vector<Workspace<float>>>;
// The gradient by a StackOutput; null stands for zeros. With `dstates`, by the last states of all
// layers, `dlast` is null.
struct StackOutputGradient {
  const float* dh;
  const float* dlast;
  const StateGradients* dstates = nullptr;
};

// A stack in one pass of a minibatch.
class StackPass {
 public:
  // With `trains`, forward saves what backward needs.
  StackPass(const Stack& stack, bool trains);

  // x is [rows, inputs], and must stay valid until backward. `dropout` is null outside training;
  // `states` are read and replaced, or null for zeros. The result is valid until the next call.
  StackOutput forward(const Minibatch& batch, const float* x, const Dropout* dropout,
                      CarriedStates* states, int threads);

  // The gradients of the last forward pass: returns dL/dx [rows, inputs] if `wants_dx`, else null;
  // valid until the next call, and the caller may overwrite it. The gradients of the parameters are
  // written to their places in the arena `gradient`. With `dh_steps`, also dL/dh of every layer and
  // direction: [place] buffers by Batch::packed_row; with `dstate0` those by the states that the
  // pass began with.
  float* backward(const Minibatch& batch, const StackOutputGradient& doutput, bool wants_dx,
                  float* gradient, int threads, std::vector<Buffer<float>>* dh_steps,
                  StateGradients* dstate0 = nullptr);

  // Of the last forward pass, [B, H]: the last state k of a layer and direction.
  const float* last_state(std::int64_t layer, std::int64_t direction, std::size_t k) const {
    return stages_[layer].directions[direction].state_n[k].get();
  }

 private:
  struct Direction {
    Cache cache;
    std::vector<std::vector<float>> state0;  // [state][B * H] if states are carried, else empty
    std::vector<Workspace<float>> state_n;   // [state][B, H]
    Workspace<float> recurrent_mask;         // [B, H]
    Workspace<float> y;                      // [rows, H]
    Workspace<float> dy, dlast;              // [rows, H], [B, H]: this direction's columns
    Workspace<float> dx;                     // [rows, inputs], of the reverse direction
  };
  struct Stage {  // one layer in all its directions, and the dropout of its output
    Stage(std::int64_t layer, const StackShape& shape)
        : directions(static_cast<std::size_t>(shape.directions)),
          dropout(layer, DropoutPass::Rows::kSteps, shape.features()) {}

    std::vector<Direction> directions;
    DropoutPass dropout;
    const float* x = nullptr;  // [rows, inputs], of the last forward pass
    Workspace<float> y;        // [rows, F]: both directions side by side
    Workspace<float> dx;       // [rows, inputs]
  };

  // Returns the layer's output, [rows, F].
  const float* run_layer(const Minibatch& batch, std::int64_t layer, const Dropout* dropout,
                         CarriedStates* states, int threads);
  void run_direction(const Minibatch& batch, std::int64_t layer, std::int64_t d,
                     const Dropout* dropout, CarriedStates* states, int threads);
  // Returns dL/dx [rows, inputs of the layer] if `wants_dx`, else null.
  float* backward_layer(const Minibatch& batch, std::int64_t layer,
                        const StackOutputGradient& doutput, bool wants_dx, float* gradient,
                        int threads, std::vector<Buffer<float>>* dh_steps, StateGradients* dstate0);

  const Stack& stack_;
  bool trains_;
  std::vector<Stage> stages_;
  bool masks_recurrence_ = false;  // true if the last forward used recurrent masks
  Workspace<float> last_;          // [B, F]: both directions side by side
};

}  // namespace skrnn
