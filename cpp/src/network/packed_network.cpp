#include "network/packed_network.h"

#include "layer/dispatch.h"

namespace skrnn {

PackedNetwork::PackedNetwork(const NetworkLayout& model, bool trains)
    : model_(model),
      trains_(trains),
      head_(active_kernels().matrix, model.head_inputs(), model.settings().output_size) {}

void PackedNetwork::load(const float* parameters) {
  parameters_ = parameters;
  const NetworkSettings& settings = model_.settings();
  const bool made = !layers_.empty();
  for (std::int64_t layer = 0; layer < settings.num_layers; ++layer) {
    for (std::int64_t direction = 0; direction < model_.directions(); ++direction) {
      const std::int64_t p = first_of_layer(layer, direction);
      const Weights weights{parameter(p), parameter(p + 1), parameter(p + 2), parameter(p + 3)};
      if (!made) {
        const std::int64_t inputs = layer == 0 ? model_.layer_inputs() : model_.features();
        layers_.emplace_back(settings.cell, inputs, settings.hidden_size, weights);
        if (!trains_) continue;
      }
      layers_[static_cast<std::size_t>(layer * model_.directions() + direction)].load(weights,
                                                                                      trains_);
    }
  }
  head_.load(parameter(end() - 2), parameter(end() - 1), trains_);
}

}  // namespace skrnn
