#include "skrnn/stream.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/floating_point.h"
#include "base/out_of_memory.h"
#include "serving/channel_operations.h"
#include "serving/model_impl.h"
#include "serving/running_pooling.h"
#include "serving/running_spelling.h"
#include "serving/running_stack.h"

namespace skrnn {
namespace {

void require_one_way(const NetworkSettings& network) {
  if (network.transitions) {
    throw std::invalid_argument(
        "a model with transitions decides on the labels of a sequence together, so it has no "
        "answer "
        "before the sequence ends; train one with crf=False, or predict whole sequences");
  }
  if (network.bidirectional) {
    throw std::invalid_argument(
        "a bidirectional model reads sequences from their end, too, so it has no answer while they "
        "go on; train one with bidirectional=False, or predict whole sequences");
  }
  if (network.pooling == Pooling::kAttention) {
    throw std::invalid_argument(
        "pooling='attention' weighs all steps anew at each one, so it cannot go step by step in "
        "bounded memory; train with pooling 'last', 'mean', 'max' or 'last_mean_max', or predict "
        "whole sequences");
  }
  if (network.pooling == Pooling::kHorizon) {
    throw std::invalid_argument(
        "pooling='horizon' goes on from the last states of a sequence, and a stream has no last "
        "one; predict whole sequences");
  }
}

}  // namespace

struct Stream::Impl {
  const std::shared_ptr<const Model::Impl> model;
  const NetworkParts& parts;
  const std::int64_t B, C, K, S;  // S side channels

  std::optional<RunningSpelling> spelling;
  RunningStack stack;
  RunningPooling pooling;
  Buffer<std::int64_t> steps;  // [B]

  Buffer<float> side;      // [B, S], null without
  Buffer<float> input;     // [B, I] as the first layer reads it
  Buffer<float> prepared;  // [B, C] as the projection reads it, null without
  Buffer<float> outputs;   // [B, K]
  Buffer<double> answers;  // [B, K]
  Buffer<char> scratch;    // of a dense layer

  Impl(std::shared_ptr<const Model::Impl> m, std::int64_t batch_size)
      : model(std::move(m)),
        parts(model->packed.parts()),
        B(batch_size),
        C(model->channels()),
        K(parts.head.outputs()),
        S(model->settings.network.side_channels),
        stack(parts.stack, B),
        pooling(parts.pooler, B),
        steps(make_buffer<std::int64_t>(B)),
        input(make_buffer<float>(B * parts.stack.shape().input_size)),
        outputs(make_buffer<float>(B * K)),
        answers(make_buffer<double>(B * K)),
        scratch(make_buffer<char>(static_cast<std::int64_t>(std::max(
            parts.head.step_scratch(), parts.projection ? parts.projection->step_scratch() : 0)))) {
    if (parts.spelling) spelling.emplace(*parts.spelling);
    if (parts.projection) prepared = make_buffer<float>(B * C);
    if (S > 0) {
      side = make_buffer<float>(B * S);
      std::fill_n(side.get(), B * S, 0.0f);
    }
    for (std::int64_t b = 0; b < B; ++b) reset(b);
  }

  void reset(std::int64_t b) noexcept {
    stack.reset(b);
    pooling.reset(b);
    steps[b] = 0;
  }

  const float* step_outputs(const float* x) noexcept {
    const FlushSubnormals guard;
    if (parts.projection) {
      parts.projection->step(B, x, input.get(), scratch.get());
      x = input.get();
    }
    const float* h = stack.step(x);
    for (std::int64_t b = 0; b < B; ++b) ++steps[b];
    parts.head.step(B, pooling.step(h, steps.get()), outputs.get(), scratch.get());
    return outputs.get();
  }

  // Without letters the two others are null.
  const float* step_outputs(const std::int64_t* tokens, const std::int64_t* word_offsets = nullptr,
                            const std::int64_t* letters = nullptr) noexcept {
    const std::int64_t I = parts.stack.shape().input_size;
    for (std::int64_t b = 0; b < B; ++b) {
      float* to = input.get() + b * I;
      parts.embedding->look_up(1, tokens + b, to);
      if (spelling) {
        const FlushSubnormals guard;
        spelling->read(word_offsets[b + 1] - word_offsets[b], letters + word_offsets[b],
                       to + parts.embedding->size());
      }
      std::copy_n(side.get() + b * S, S, to + I - S);
    }
    return step_outputs(input.get());
  }

  // Answers are computed with subnormals, as predict computes them.
  const double* answer() noexcept {
    model->answer(B, outputs.get(), answers.get(), 1);
    return answers.get();
  }

  const double* step_prepared(const float* x) noexcept {
    step_outputs(x);
    return answer();
  }

  const double* step(const float* x) noexcept {
    if (model->settings.operations.empty()) return step_prepared(x);
    float* to = parts.projection ? prepared.get() : input.get();
    apply(model->settings.operations, B, C, x, to);
    return step_prepared(to);
  }

  const double* step(const std::int64_t* tokens, const std::int64_t* word_offsets = nullptr,
                     const std::int64_t* letters = nullptr) noexcept {
    step_outputs(tokens, word_offsets, letters);
    return answer();
  }

  void round(const double* from, float* to) const noexcept {
    for (std::int64_t i = 0; i < B * K; ++i) to[i] = static_cast<float>(from[i]);
  }
};

Stream::Stream(const Model& model, std::int64_t batch_size) {
  require_one_way(model.settings().network);
  const NetworkParts& parts = model.impl_->packed.parts();
  const StackShape& shape = parts.stack.shape();
  const std::int64_t K = parts.head.outputs();
  const std::int64_t widest =
      std::max({model.channels(), shape.input_size, parts.head.inputs(), K});
  constexpr std::int64_t kMost = std::int64_t{1} << 48;  // far beyond memory, far below overflow
  if (batch_size < 1 || batch_size > kMost / widest) {
    throw std::invalid_argument("batch_size must be at least 1 and fit into memory, got " +
                                std::to_string(batch_size));
  }
  try {
    impl_ = std::make_unique<Impl>(model.impl_, batch_size);
  } catch (const std::bad_alloc&) {
    const auto arrays = static_cast<std::int64_t>(parts.stack.layer(0, 0).cell().states.size()) + 1;
    const std::int64_t states = arrays * shape.num_layers * shape.hidden_size;
    const std::int64_t floats =
        states + shape.input_size + shape.features() + 3 * K;  // an answer is of float64
    throw OutOfMemory("a stream of batch_size " + std::to_string(batch_size),
                      batch_size * floats * std::int64_t{sizeof(float)});
  }
}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

const ServingSettings& Stream::settings() const noexcept { return impl_->model->settings; }
std::int64_t Stream::batch_size() const noexcept { return impl_->B; }
std::int64_t Stream::channels() const noexcept { return impl_->C; }
std::int64_t Stream::answer_size() const noexcept { return impl_->K; }
std::int64_t Stream::num_layers() const noexcept { return impl_->parts.stack.shape().num_layers; }
std::int64_t Stream::hidden_size() const noexcept { return impl_->parts.stack.shape().hidden_size; }

const double* Stream::step(const float* x) noexcept { return impl_->step(x); }
const double* Stream::step(const std::int64_t* tokens) noexcept { return impl_->step(tokens); }
const double* Stream::step(const std::int64_t* tokens, const std::int64_t* word_offsets,
                           const std::int64_t* letters) noexcept {
  return impl_->step(tokens, word_offsets, letters);
}
const double* Stream::step_prepared(const float* x) noexcept { return impl_->step_prepared(x); }
const float* Stream::step_outputs(const std::int64_t* tokens) noexcept {
  return impl_->step_outputs(tokens);
}
void Stream::step(const float* x, float* answers) noexcept { impl_->round(step(x), answers); }
void Stream::step(const std::int64_t* tokens, float* answers) noexcept {
  impl_->round(step(tokens), answers);
}
void Stream::step(const std::int64_t* tokens, const std::int64_t* word_offsets,
                  const std::int64_t* letters, float* answers) noexcept {
  impl_->round(step(tokens, word_offsets, letters), answers);
}

float* Stream::side() noexcept { return impl_->side.get(); }

void Stream::reset() noexcept {
  for (std::int64_t b = 0; b < impl_->B; ++b) impl_->reset(b);
}
void Stream::reset(std::int64_t b) noexcept { impl_->reset(b); }

const CellInfo& Stream::cell() const noexcept { return impl_->stack.cell(); }
float* Stream::state(std::int64_t layer, std::size_t state) noexcept {
  return impl_->stack.state(layer, state);
}
std::int64_t Stream::pooled_size() const noexcept { return impl_->pooling.size(); }
double* Stream::pooled() noexcept { return impl_->pooling.state(); }
std::int64_t* Stream::steps() noexcept { return impl_->steps.get(); }

}  // namespace skrnn
