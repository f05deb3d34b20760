// What a Model and its Streams share.
#pragma once

#include <string>

#include "base/buffer.h"
#include "losses/loss.h"
#include "network/packed_network.h"
#include "skrnn/model.h"

namespace skrnn {

struct Model::Impl {
  const ServingSettings settings;
  const std::string description;
  const Buffer<float> parameters;
  PackedNetwork packed;
  const Loss* loss;
  LossContext context;
  TargetUnits units;

  Impl(const ServingSettings& settings, Buffer<float> parameters, const std::string& description);

  std::int64_t channels() const {  // of the raw input
    return settings.network.reads_tokens() ? 1 : settings.network.input_size;
  }

  // Rows of outputs, which change on the way, to what they mean. One thread allocates nothing.
  void answer(std::int64_t rows, float* outputs, double* answers, int threads) const noexcept;
};

}  // namespace skrnn
