// The data that a Model shares with its copies and its Streams.
#pragma once

#include <optional>
#include <string>

#include "base/buffer.h"
#include "decoding/linear_chain.h"
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
  const std::optional<LinearChain> chain;  // of a network with transitions

  Impl(const ServingSettings& settings, Buffer<float> parameters, const std::string& description);

  std::int64_t channels() const {  // of the raw input
    return settings.network.reads_tokens() ? 1 : settings.network.input_size;
  }

  // Throws std::invalid_argument for data that the network cannot read, as Model::predict does.
  void check(const SequenceData& data) const;

  // The outputs of the head for all of `data`, [output_rows, K]; null if `keep_going` stopped.
  Buffer<float> outputs(const SequenceData& data, int threads, KeepGoing keep_going,
                        void* context) const;

  // Turns rows of outputs, which are overwritten, into answers. With one thread nothing is
  // allocated.
  void answer(std::int64_t rows, float* outputs, double* answers, int threads) const noexcept;
};

}  // namespace skrnn
