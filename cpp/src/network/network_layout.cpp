#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "network/network_parts.h"
#include "skrnn/network.h"

namespace skrnn {
namespace {

void require_positive(std::int64_t value, const char* name) {
  if (value < 1) {
    throw std::invalid_argument(std::string(name) + " must be at least 1, got " +
                                std::to_string(value));
  }
}

// The head's weight is [output_size, columns], and the embedding's [input_size, embedding_size].
void check_tied(const NetworkSettings& settings, std::int64_t columns) {
  if (!settings.reads_tokens()) {
    throw std::invalid_argument(
        "tie_weights needs an embedding to tie the head to; set embedding_size, or "
        "tie_weights=False");
  }
  if (settings.output_size != settings.input_size) {
    throw std::invalid_argument("tie_weights needs an output for each token: output_size is " +
                                std::to_string(settings.output_size) + ", and input_size " +
                                std::to_string(settings.input_size) +
                                "; make them equal, or set tie_weights=False");
  }
  if (settings.embedding_size != columns) {
    throw std::invalid_argument(
        "tie_weights needs vectors as long as what the head reads: embedding_size is " +
        std::to_string(settings.embedding_size) + ", and the head reads " +
        std::to_string(columns) + " columns; set embedding_size=" + std::to_string(columns) +
        ", or tie_weights=False");
  }
}

}  // namespace

NetworkLayout::NetworkLayout(const NetworkSettings& settings) : settings_(settings) {
  require_positive(settings.input_size, "input_size");
  require_positive(settings.hidden_size, "hidden_size");
  require_positive(settings.num_layers, "num_layers");
  require_positive(settings.output_size, "output_size");
  if (settings.embedding_size < 0) {
    throw std::invalid_argument("embedding_size must not be negative, got " +
                                std::to_string(settings.embedding_size));
  }
  if (settings.characters < 0) {
    throw std::invalid_argument("characters must not be negative, got " +
                                std::to_string(settings.characters));
  }
  if (settings.reads_letters()) {
    if (!settings.reads_tokens()) {
      throw std::invalid_argument(
          "characters are those of words, which need embedding_size to be at least 1, got 0");
    }
    require_positive(settings.character_embedding_size, "character_embedding_size");
    require_positive(settings.character_hidden_size, "character_hidden_size");
  }
  if (settings.side_channels < 0) {
    throw std::invalid_argument("side_channels must not be negative, got " +
                                std::to_string(settings.side_channels));
  }
  if (settings.side_channels > 0 && !settings.reads_tokens()) {
    throw std::invalid_argument(
        "side_channels stand beside the vectors of tokens, which need embedding_size to be at "
        "least 1, got 0; join them to the other channels");
  }

  if (settings.projection_size < 0) {
    throw std::invalid_argument("projection_size must not be negative, got " +
                                std::to_string(settings.projection_size));
  }
  if (settings.projects() && settings.reads_tokens()) {
    throw std::invalid_argument(
        "projection_size is for channels, and tokens have vectors of embedding_size; set one of "
        "them to 0");
  }

  const bool has_horizon = settings.pooling == Pooling::kHorizon;
  if (settings.horizon < 0 || has_horizon != (settings.horizon > 0)) {
    throw std::invalid_argument(
        std::string("horizon must be ") +
        (has_horizon ? "at least 1 with pooling 'horizon'" : "0 without pooling 'horizon'") +
        ", got " + std::to_string(settings.horizon));
  }
  if (has_horizon && settings.bidirectional) {
    throw std::invalid_argument(
        "steps to come go on from the last state of one direction; pooling 'horizon' needs "
        "bidirectional=False");
  }

  if (settings.future_covariates < 0 || (settings.future_covariates > 0 && !has_horizon)) {
    throw std::invalid_argument(
        "future_covariates are numbers of steps to come, of pooling 'horizon', 0 or more, got " +
        std::to_string(settings.future_covariates));
  }

  constexpr std::int64_t kMostUnits = std::int64_t{1} << 40;
  const std::pair<const char*, std::int64_t> sizes[] = {
      {"input_size", settings.input_size},
      {"embedding_size", settings.embedding_size},
      {"hidden_size", settings.hidden_size},
      {"output_size", settings.output_size},
      {"characters", settings.characters},
      {"character_embedding_size", settings.character_embedding_size},
      {"character_hidden_size", settings.character_hidden_size},
      {"side_channels", settings.side_channels},
      {"projection_size", settings.projection_size},
      {"horizon", settings.horizon},
      {"future_covariates", settings.future_covariates}};
  for (const auto& [name, size] : sizes) {
    if (size > kMostUnits) {
      throw std::invalid_argument("the model would be too large: " + std::string(name) + " is " +
                                  std::to_string(size) + "; lower it");
    }
  }
  if (settings.num_layers > 1'000'000) {
    throw std::invalid_argument("num_layers must be at most 1000000, got " +
                                std::to_string(settings.num_layers));
  }

  if (settings.transitions && settings.pooling != Pooling::kEveryStep) {
    throw std::invalid_argument(
        "transitions join the labels of neighbouring steps, so they need pooling 'every_step'");
  }

  ParameterList list;
  const NetworkParts parts(settings, list);
  if (settings.tie_weights) check_tied(settings, parts.pooler.columns());
  parameters_ = list.parameters();
  num_parameters_ = list.size();
}

std::string NetworkLayout::memory_text(std::int64_t copies) const {
  const Parameter& most =
      *std::max_element(parameters_.begin(), parameters_.end(),
                        [](const Parameter& a, const Parameter& b) { return a.size < b.size; });
  std::string shape;
  for (const std::int64_t n : most.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(n);
  return "a network of " + std::to_string(num_parameters_) + " parameters would take " +
         std::to_string(copies * num_parameters_ * std::int64_t{sizeof(float)}) +
         " bytes, more memory than there is; most of them are " + most.name + " of shape (" +
         shape + "): " + most.remedy;
}

}  // namespace skrnn
