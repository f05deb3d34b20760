// One minibatch through a NetworkLayout, forward and back.
#pragma once

#include <vector>

#include "network/dropout.h"
#include "network/minibatch.h"
#include "network/packed_network.h"
#include "network/pooling.h"

namespace skrnn {

// The states of all layers between two cuts of a batch, by rank.
struct CarriedStates {
  // [layer * directions + direction][state][B, H], in the order of CellInfo::states
  std::vector<std::vector<std::vector<float>>> layers;
};

class NetworkPass {
 public:
  // `packed` has to stay; every pass uses what it holds by then. Where it only predicts, nothing is
  // saved for a way back.
  explicit NetworkPass(const PackedNetwork& packed);

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
    Cache cache;
    Workspace<float> y;                      // [rows, H]
    Workspace<float> dy;                     // [rows, H]
    std::vector<Workspace<float>> state_n;   // [B, H] each, in the order of CellInfo::states
    Workspace<float> dh_n;                   // [B, H]
    std::vector<std::vector<float>> state0;  // [B, H] each, where states are carried; else empty
    Workspace<float> dx;                     // [rows, inputs], of the second direction
    Workspace<float> recurrent_mask;         // [B, H]

    std::vector<const float*> first_states() const {
      std::vector<const float*> states;
      for (const std::vector<float>& state : state0) states.push_back(state.data());
      return states;
    }
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

  void draw_mask(const Minibatch& batch, const Dropout& dropout, std::int64_t layer, bool pooled,
                 float* mask) const;
  const float* run_layer(const Minibatch& batch, std::int64_t layer, const float* x,
                         CarriedStates* states, int threads);
  const float* pool(const Minibatch& batch, const float* y);
  bool reads_last_states() const {
    const Pooling pooling = model_.settings().pooling;
    return pooling == Pooling::kLast || pooling == Pooling::kLastMeanMax;
  }

  const PackedNetwork& packed_;
  const NetworkLayout& model_;
  std::vector<Stage> stages_;
  Pooler pooler_;
  DenseWorkspace head_;
  const Dropout* dropout_ = nullptr;  // of the last forward pass

  Workspace<float> embedded_;      // [rows, E]
  const float* last_y_ = nullptr;  // [rows, F] of the last layer
  Workspace<float> pooled_;        // [B, P], P = NetworkLayout::head_inputs()
  Workspace<float> features_mask_, dropped_features_;
  const float* features_ = nullptr;  // [output_rows, P], what the head sees
  Workspace<float> outputs_;         // [output_rows, K]
  Workspace<float> dfeatures_, dy_;
};

}  // namespace skrnn
