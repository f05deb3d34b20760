#include "skrnn/stream.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/floating_point.h"
#include "base/out_of_memory.h"
#include "network/pooling.h"
#include "serving/model_impl.h"

namespace skrnn {
namespace {

void require_one_way(const NetworkSettings& network) {
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
}

}  // namespace

struct Stream::Impl {
  const std::shared_ptr<const Model::Impl> model;
  const PackedNetwork& packed;
  const NetworkSettings& network;
  const std::int64_t B, C, H, K;

  // A layer reads the h of one set and writes that of the other; then they change places.
  std::vector<Buffer<float>> h[2];  // [layer][B, H]
  std::vector<Buffer<float>> c;     // [layer][B, H], empty for cells that have none
  int now = 0;                      // the set that holds the states
  Buffer<double> pooled;            // [B, pooled_size]
  Buffer<std::int64_t> steps;       // [B]

  Buffer<float> input;     // [B, C or E] as the first layer reads it
  Buffer<float> features;  // [B, P] pooled, P = NetworkLayout::head_inputs()
  Buffer<float> outputs;   // [B, K]
  Buffer<double> answers;  // [B, K]
  Buffer<char> scratch;
  bool backwards = false;

  Impl(std::shared_ptr<const Model::Impl> m, std::int64_t batch_size)
      : model(std::move(m)),
        packed(model->packed),
        network(model->settings.network),
        B(batch_size),
        C(model->channels()),
        H(network.hidden_size),
        K(network.output_size),
        steps(make_buffer<std::int64_t>(B)),
        input(make_buffer<float>(B * packed.model().layer_inputs())),
        features(make_buffer<float>(B * packed.model().head_inputs())),
        outputs(make_buffer<float>(B * K)),
        answers(make_buffer<double>(B * K)) {
    const bool has_c = packed.layer(0, 0).cell().states == 2;
    std::size_t bytes = packed.head().step_scratch();
    for (std::int64_t layer = 0; layer < network.num_layers; ++layer) {
      for (auto& set : h) set.push_back(make_buffer<float>(B * H));
      if (has_c) c.push_back(make_buffer<float>(B * H));
      bytes = std::max(bytes, packed.layer(layer, 0).step_memory());
    }
    scratch = make_buffer<char>(static_cast<std::int64_t>(bytes));
    if (pooled_size() > 0) pooled = make_buffer<double>(B * pooled_size());
    for (std::int64_t b = 0; b < B; ++b) reset(b);
  }

  // Sums of all steps, their maxima, or sums and then maxima.
  std::int64_t pooled_size() const { return (keeps_sums() ? H : 0) + (keeps_maxima() ? H : 0); }
  bool keeps_sums() const {
    return network.pooling == Pooling::kMean || network.pooling == Pooling::kLastMeanMax;
  }
  bool keeps_maxima() const {
    return network.pooling == Pooling::kMax || network.pooling == Pooling::kLastMeanMax;
  }

  void reset(std::int64_t b) noexcept {
    for (auto& states : h[now]) std::fill_n(states.get() + b * H, H, 0.0f);
    for (auto& states : c) std::fill_n(states.get() + b * H, H, 0.0f);
    steps[b] = 0;
    double* own = pooled.get() + b * pooled_size();
    if (keeps_sums()) own = std::fill_n(own, H, 0.0);
    if (keeps_maxima()) std::fill_n(own, H, -std::numeric_limits<double>::infinity());
  }

  // What the head reads of the last layer's h.
  const float* pool(const float* last) noexcept {
    if (pooled_size() == 0) return last;
    float* to = features.get();
    for (std::int64_t b = 0; b < B; ++b) {
      const float* from = last + b * H;
      double* own = pooled.get() + b * pooled_size();
      if (network.pooling == Pooling::kLastMeanMax) to = std::copy_n(from, H, to);
      if (keeps_sums()) {
        for (std::int64_t f = 0; f < H; ++f) own[f] += static_cast<double>(from[f]);
        mean_of_steps(H, own, steps[b], to);
        own += H;
        to += H;
      }
      if (keeps_maxima()) {
        for (std::int64_t f = 0; f < H; ++f) {
          if (is_new_maximum(from[f], static_cast<float>(own[f]))) {
            own[f] = static_cast<double>(from[f]);
          }
          to[f] = static_cast<float>(own[f]);
        }
        to += H;
      }
    }
    return features.get();
  }

  const double* step_prepared(const float* x) noexcept {
    {  // Answers are made outside of this block, with subnormals, as predict makes them.
      const FlushSubnormals guard;
      for (std::int64_t layer = 0; layer < network.num_layers; ++layer) {
        const auto at = static_cast<std::size_t>(layer);
        float* own_c = c.empty() ? nullptr : c[at].get();
        float* to = h[1 - now][at].get();
        packed.layer(layer, 0).step(B, x, {h[now][at].get(), own_c}, {to, own_c}, scratch.get(),
                                    backwards);
        x = to;
      }
      now = 1 - now;
      backwards = !backwards;
      for (std::int64_t b = 0; b < B; ++b) ++steps[b];
      packed.head().step(B, pool(x), outputs.get(), scratch.get());
    }
    model->answer(B, outputs.get(), answers.get(), 1);
    return answers.get();
  }

  const double* step(const float* x) noexcept {
    if (model->settings.operations.empty()) return step_prepared(x);
    model->prepare(B, x, input.get());
    return step_prepared(input.get());
  }

  const double* step(const std::int64_t* tokens) noexcept {
    const std::int64_t E = network.embedding_size;
    for (std::int64_t b = 0; b < B; ++b) {
      std::copy_n(packed.embedding(tokens[b]), E, input.get() + b * E);
    }
    return step_prepared(input.get());
  }

  void round(const double* from, float* to) const noexcept {
    for (std::int64_t i = 0; i < B * K; ++i) to[i] = static_cast<float>(from[i]);
  }
};

Stream::Stream(const Model& model, std::int64_t batch_size) {
  require_one_way(model.settings().network);
  const NetworkLayout& network = model.network();
  const std::int64_t widest =
      std::max({network.layer_inputs(), network.head_inputs(), network.settings().output_size});
  constexpr std::int64_t kMost = std::int64_t{1} << 48;  // far beyond memory, far below overflow
  if (batch_size < 1 || batch_size > kMost / widest) {
    throw std::invalid_argument("batch_size must be at least 1 and fit into memory, got " +
                                std::to_string(batch_size));
  }
  try {
    impl_ = std::make_unique<Impl>(model.impl_, batch_size);
  } catch (const std::bad_alloc&) {
    const NetworkSettings& settings = network.settings();
    const std::int64_t states = 3 * settings.num_layers * settings.hidden_size;
    const std::int64_t floats = states + network.layer_inputs() + network.features() +
                                3 * settings.output_size;  // an answer is of float64
    throw OutOfMemory("a stream of batch_size " + std::to_string(batch_size),
                      batch_size * floats * std::int64_t{sizeof(float)});
  }
}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

std::int64_t Stream::batch_size() const noexcept { return impl_->B; }
std::int64_t Stream::channels() const noexcept { return impl_->C; }
std::int64_t Stream::answer_size() const noexcept { return impl_->K; }
std::int64_t Stream::num_layers() const noexcept { return impl_->network.num_layers; }
std::int64_t Stream::hidden_size() const noexcept { return impl_->H; }

const double* Stream::step(const float* x) noexcept { return impl_->step(x); }
const double* Stream::step(const std::int64_t* tokens) noexcept { return impl_->step(tokens); }
const double* Stream::step_prepared(const float* x) noexcept { return impl_->step_prepared(x); }
void Stream::step(const float* x, float* answers) noexcept { impl_->round(step(x), answers); }
void Stream::step(const std::int64_t* tokens, float* answers) noexcept {
  impl_->round(step(tokens), answers);
}

void Stream::reset() noexcept {
  for (std::int64_t b = 0; b < impl_->B; ++b) impl_->reset(b);
}
void Stream::reset(std::int64_t b) noexcept { impl_->reset(b); }

float* Stream::h(std::int64_t layer) noexcept {
  return impl_->h[impl_->now][static_cast<std::size_t>(layer)].get();
}
float* Stream::c(std::int64_t layer) noexcept {
  return impl_->c.empty() ? nullptr : impl_->c[static_cast<std::size_t>(layer)].get();
}
std::int64_t Stream::pooled_size() const noexcept { return impl_->pooled_size(); }
double* Stream::pooled() noexcept { return impl_->pooled.get(); }
std::int64_t* Stream::steps() noexcept { return impl_->steps.get(); }

}  // namespace skrnn
