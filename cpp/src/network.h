// One minibatch through a SequenceModel, forward and back.
#pragma once

#include <memory>
#include <vector>

#include "dense.h"
#include "dropout.h"
#include "minibatch.h"
#include "pooling.h"
#include "skrnn/layer.h"
#include "skrnn/sequence_model.h"

namespace skrnn {

// The states of all layers between two cuts of a batch, by rank.
struct CarriedStates {
  std::vector<std::vector<float>> h, c;  // [layer * directions + direction][B, H]
};

class Network {
 public:
  // A network that only predicts keeps no packed transposes and saves nothing for a way back.
  Network(const SequenceModel& model, bool trains);

  // Packs the parameters; forward and backward then use these.
  void load(const float* parameters);

  // Rows of outputs for that minibatch: its sequences, by rank, or its rows.
  std::int64_t output_rows(const Minibatch& batch) const;

  // Outputs [output_rows, K], valid until the next call. `dropout` is null outside training;
  // `states` are read and replaced, or null for zeros.
  const float* forward(const Minibatch& batch, const Dropout* dropout, CarriedStates* states,
                       int threads);

  // Of the last forward pass. The gradient of every parameter, in the arena's order. With
  // `dh_steps`, also dL/dh of every layer and direction: [layer * directions + direction] buffers
  // by Batch::packed_row.
  void backward(const Minibatch& batch, const float* doutputs, float* gradient, int threads,
                std::vector<Buffer<float>>* dh_steps = nullptr);

 private:
  struct Direction {
    std::unique_ptr<Layer> layer;
    Cache cache;
    Workspace<float> y;               // [rows, H]
    Workspace<float> dy;              // [rows, H]
    Workspace<float> h_n, c_n;        // [B, H]
    Workspace<float> dh_n;            // [B, H]
    std::vector<float> h0, c0;        // [B, H], where states are carried
    Workspace<float> dx;              // [rows, inputs], of the second direction
    Workspace<float> recurrent_mask;  // [B, H]
    std::int64_t first_parameter;     // of its four
  };
  struct Stage {  // one layer in all its directions
    std::vector<Direction> directions;
    std::int64_t inputs;
    const float* x = nullptr;  // [rows, inputs], of the last forward pass
    Workspace<float> joined;   // [rows, F]: both directions side by side
    Workspace<float> dropped;  // [rows, F]: times the mask
    Workspace<float> mask;     // [rows, F]
    Workspace<float> dx;       // [rows, inputs]
  };

  const float* parameter(std::int64_t index) const;
  void draw_mask(const Minibatch& batch, const Dropout& dropout, std::int64_t layer, bool pooled,
                 float* mask) const;
  const float* run_layer(const Minibatch& batch, std::int64_t layer, const float* x,
                         CarriedStates* states, int threads);
  const float* pool(const Minibatch& batch, const float* y);

  const SequenceModel model_;
  bool trains_;
  const float* parameters_ = nullptr;
  std::vector<Stage> stages_;
  Pooler pooler_;
  Dense head_;
  const Dropout* dropout_ = nullptr;  // of the last forward pass

  Workspace<float> embedded_;      // [rows, E]
  const float* last_y_ = nullptr;  // [rows, F] of the last layer
  Workspace<float> pooled_;        // [B, F]
  Workspace<float> features_mask_, dropped_features_;
  const float* features_ = nullptr;  // [output_rows, F], what the head sees
  Workspace<float> outputs_;         // [output_rows, K]
  Workspace<float> dfeatures_, dy_;
};

}  // namespace skrnn
