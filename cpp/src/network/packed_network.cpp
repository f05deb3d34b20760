#include "network/packed_network.h"

#include "layer/dispatch.h"

namespace skrnn {

namespace {

PackedNetwork::Places places_in(const NetworkLayout& model) {
  const CellInfo cell = cell_info(model.settings().cell);
  return {model.index_of(std::string("rnn.") + cell.parameters.front().name + "_l0"),
          static_cast<std::int64_t>(cell.parameters.size()), model.index_of("attention.weight"),
          model.index_of("head.weight"), model.index_of("head.bias")};
}

}  // namespace

PackedNetwork::PackedNetwork(const NetworkLayout& model, bool trains)
    : model_(model),
      places_(places_in(model)),
      trains_(trains),
      head_(active_kernels().matrix, model.head_inputs(), model.settings().output_size) {}

void PackedNetwork::load(const float* parameters) {
  parameters_ = parameters;
  const NetworkSettings& settings = model_.settings();
  const bool made = !layers_.empty();
  for (std::int64_t layer = 0; layer < settings.num_layers; ++layer) {
    for (std::int64_t direction = 0; direction < model_.directions(); ++direction) {
      const std::int64_t p = first_of_layer(layer, direction);
      LayerParameters weights;
      for (std::int64_t i = 0; i < places_.of_a_layer; ++i) weights.push_back(parameter(p + i));
      if (!made) {
        const std::int64_t inputs = layer == 0 ? model_.layer_inputs() : model_.features();
        layers_.emplace_back(settings.cell, inputs, settings.hidden_size, weights);
        if (!trains_) continue;
      }
      layers_[static_cast<std::size_t>(layer * model_.directions() + direction)].load(weights,
                                                                                      trains_);
    }
  }
  head_.load(parameter(places_.head_weight), parameter(places_.head_bias), trains_);
}

}  // namespace skrnn
