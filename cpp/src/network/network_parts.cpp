#include "network/network_parts.h"

namespace skrnn {
namespace {

std::optional<Embedding> make_embedding(const NetworkSettings& settings,
                                        ParameterList& parameters) {
  if (!settings.reads_tokens()) return std::nullopt;
  return Embedding(parameters, "embedding", settings.input_size, settings.embedding_size,
                   settings.tie_weights);
}

// The weight that the head has in common with another part, if any.
std::optional<Index> tied_weight(const NetworkSettings& settings,
                                 const std::optional<Embedding>& embedding) {
  if (!settings.tie_weights || !embedding) return std::nullopt;
  return embedding->place().begin;
}

StackShape stack_shape(const NetworkSettings& settings) {
  return {settings.cell, settings.reads_tokens() ? settings.embedding_size : settings.input_size,
          settings.hidden_size, settings.num_layers, settings.bidirectional ? 2 : 1};
}

}  // namespace

NetworkParts::NetworkParts(const NetworkSettings& settings, ParameterList& parameters)
    : embedding(make_embedding(settings, parameters)),
      stack(parameters, "rnn", stack_shape(settings)),
      pooler(parameters, "attention", settings.pooling, stack.shape().features()),
      head(parameters, "head", pooler.columns(), settings.output_size,
           tied_weight(settings, embedding)) {}

void NetworkParts::load(const float* parameters, bool trains) {
  if (embedding) embedding->load(parameters);
  stack.load(parameters, trains);
  pooler.load(parameters);
  head.load(parameters, trains);
}

}  // namespace skrnn
