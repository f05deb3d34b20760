// The parameters of a NetworkLayout as the kernels read them.
#pragma once

#include <cstdint>
#include <vector>

#include "network/dense.h"
#include "skrnn/layer.h"
#include "skrnn/network.h"

namespace skrnn {

// Any number of threads may use one, except while it is loaded.
class PackedNetwork {
 public:
  // One that only predicts keeps no packed transposes.
  PackedNetwork(const NetworkLayout& model, bool trains);

  // Packs the parameters. Those that are not packed are read where they are: `parameters` has to
  // stay.
  void load(const float* parameters);

  const NetworkLayout& model() const { return model_; }
  bool trains() const { return trains_; }
  const Layer& layer(std::int64_t layer, std::int64_t direction) const {
    return layers_[static_cast<std::size_t>(layer * model_.directions() + direction)];
  }
  const Dense& head() const { return head_; }
  const float* embedding(std::int64_t token) const {  // [E]
    return parameters_ + token * model_.settings().embedding_size;
  }
  const float* attention() const {  // [F], or null
    return places_.attention < 0 ? nullptr : parameter(places_.attention);
  }

  // Where the parameters of each part stand in NetworkLayout::parameters(). Those of a layer follow
  // one another in the order of CellInfo::parameters.
  struct Places {
    std::int64_t first_layer;
    std::int64_t of_a_layer;  // how many
    std::int64_t attention;   // -1 where there is none
    std::int64_t head_weight;
    std::int64_t head_bias;
  };
  const Places& places() const { return places_; }
  std::int64_t first_of_layer(std::int64_t layer, std::int64_t direction) const {
    return places_.first_layer + places_.of_a_layer * (layer * model_.directions() + direction);
  }

 private:
  const float* parameter(std::int64_t index) const {
    return parameters_ + model_.parameters()[static_cast<std::size_t>(index)].offset;
  }

  NetworkLayout model_;
  Places places_;
  bool trains_;
  const float* parameters_ = nullptr;
  std::vector<Layer> layers_;  // [layer * directions + direction]
  Dense head_;
};

}  // namespace skrnn
