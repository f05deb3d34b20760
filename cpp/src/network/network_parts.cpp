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

std::optional<Transitions> make_transitions(const NetworkSettings& settings,
                                            ParameterList& parameters) {
  if (!settings.transitions) return std::nullopt;
  return Transitions(parameters, "crf", settings.output_size);
}

std::optional<Spelling> make_spelling(const NetworkSettings& settings, ParameterList& parameters) {
  if (!settings.reads_letters()) return std::nullopt;
  return Spelling(
      parameters, "characters", settings.characters,
      {settings.cell, settings.character_embedding_size, settings.character_hidden_size, 1, 2});
}

std::optional<Projection> make_projection(const NetworkSettings& settings,
                                          ParameterList& parameters) {
  if (!settings.projects()) return std::nullopt;
  return Projection(parameters, "projection", settings.input_size, settings.projection_size);
}

// The width of what the first layer reads.
std::int64_t input_width(const NetworkSettings& settings) {
  if (settings.projects()) return settings.projection_size;
  if (!settings.reads_tokens()) return settings.input_size;
  return settings.embedding_size +
         (settings.reads_letters() ? 2 * settings.character_hidden_size : 0) +
         settings.side_channels;
}

StackShape stack_shape(const NetworkSettings& settings) {
  return {settings.cell, input_width(settings), settings.hidden_size, settings.num_layers,
          settings.bidirectional ? 2 : 1};
}

std::optional<Horizon> make_horizon(const NetworkSettings& settings, ParameterList& parameters) {
  if (settings.pooling != Pooling::kHorizon) return std::nullopt;
  return Horizon(parameters, "horizon", settings.horizon, input_width(settings));
}

// From the covariates of a step to come to what joins its vector.
std::optional<Dense> make_future(const NetworkSettings& settings, ParameterList& parameters) {
  if (settings.future_covariates == 0) return std::nullopt;
  return Dense(parameters, "future", settings.future_covariates, input_width(settings));
}

}  // namespace

NetworkParts::NetworkParts(const NetworkSettings& settings, ParameterList& parameters)
    : embedding(make_embedding(settings, parameters)),
      spelling(make_spelling(settings, parameters)),
      projection(make_projection(settings, parameters)),
      stack(parameters, "rnn", stack_shape(settings)),
      horizon(make_horizon(settings, parameters)),
      future(make_future(settings, parameters)),
      pooler(parameters, "attention", settings.pooling, stack.shape().features()),
      head(parameters, "head", pooler.columns(), settings.output_size,
           tied_weight(settings, embedding)),
      transitions(make_transitions(settings, parameters)) {}

void NetworkParts::load(const float* parameters, bool trains) {
  if (embedding) embedding->load(parameters);
  if (spelling) spelling->load(parameters, trains);
  if (projection) projection->load(parameters, trains);
  stack.load(parameters, trains);
  if (horizon) horizon->load(parameters);
  if (future) future->load(parameters, trains);
  pooler.load(parameters);
  head.load(parameters, trains);
  if (transitions) transitions->load(parameters);
}

}  // namespace skrnn
