#include "network/network_pass.h"

#include <algorithm>
#include <cstring>

#include "layer/dispatch.h"
#include "network/output_rows.h"

namespace skrnn {
namespace {

void copy(const float* from, std::int64_t n, float* to) {
  std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(float));
}

// Columns [begin, begin + count) of rows of `from_columns`, to rows of `to_columns` from column
// `to_begin` on.
void copy_columns(std::int64_t rows, const float* from, std::int64_t from_columns,
                  std::int64_t from_begin, float* to, std::int64_t to_columns,
                  std::int64_t to_begin, std::int64_t count) {
  for (std::int64_t r = 0; r < rows; ++r) {
    copy(from + r * from_columns + from_begin, count, to + r * to_columns + to_begin);
  }
}

void multiply(std::int64_t n, const float* a, const float* b, float* product) {
  for (std::int64_t i = 0; i < n; ++i) product[i] = a[i] * b[i];
}

}  // namespace

NetworkPass::NetworkPass(const PackedNetwork& packed)
    : packed_(packed),
      model_(packed.model()),
      stages_(static_cast<std::size_t>(model_.settings().num_layers)),
      pooler_(model_.settings().pooling, model_.features()) {
  for (std::size_t layer = 0; layer < stages_.size(); ++layer) {
    stages_[layer].inputs = layer == 0 ? model_.layer_inputs() : model_.features();
    stages_[layer].directions.resize(static_cast<std::size_t>(model_.directions()));
  }
}

std::int64_t NetworkPass::output_rows(const Minibatch& batch) const {
  return OutputRows(model_.settings()).count(batch);
}

void NetworkPass::draw_mask(const Minibatch& batch, const Dropout& dropout, std::int64_t layer,
                            bool pooled, float* mask) const {
  const std::int64_t columns = pooled ? model_.head_inputs() : model_.features();
  const auto draw = [&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    dropout.mask(dropout.rate, layer, DropoutSite::kOutput, batch.sample(rank), step, columns,
                 mask + row * columns);
  };
  if (!pooled) return batch.for_each_row(draw);
  for (std::int64_t rank = 0; rank < batch.size(); ++rank) draw(rank, rank, 0);
}

const float* NetworkPass::forward(const Minibatch& batch, const Dropout* dropout,
                                  CarriedStates* states, int threads) {
  const NetworkSettings& settings = model_.settings();
  const std::int64_t F = model_.features();
  dropout_ = dropout;
  if (states != nullptr) {
    states->h.resize(stages_.size() * static_cast<std::size_t>(model_.directions()));
    states->c.resize(states->h.size());
  }

  const float* x = batch.values();
  if (settings.reads_tokens()) {
    const std::int64_t E = settings.embedding_size;
    float* embedded = embedded_.reserve(batch.rows() * E);
    for (std::int64_t row = 0; row < batch.rows(); ++row) {
      copy(packed_.embedding(batch.tokens()[row]), E, embedded + row * E);
    }
    x = embedded;
  }

  for (std::int64_t layer = 0; layer < settings.num_layers; ++layer) {
    Stage& stage = stages_[layer];
    const float* y = run_layer(batch, layer, x, states, threads);
    const bool last = layer + 1 == settings.num_layers;
    if (last) {
      last_y_ = y;
    } else if (dropout != nullptr && dropout->rate > 0) {
      const std::int64_t n = batch.rows() * F;
      draw_mask(batch, *dropout, layer, false, stage.mask.reserve(n));
      multiply(n, y, stage.mask.get(), stage.dropped.reserve(n));
      y = stage.dropped.get();
    }
    x = y;
  }

  const std::int64_t rows = output_rows(batch), P = model_.head_inputs();
  features_ = pool(batch, last_y_);
  if (dropout != nullptr && dropout->rate > 0) {
    draw_mask(batch, *dropout, settings.num_layers - 1, settings.pooling != Pooling::kEveryStep,
              features_mask_.reserve(rows * P));
    multiply(rows * P, features_, features_mask_.get(), dropped_features_.reserve(rows * P));
    features_ = dropped_features_.get();
  }
  float* outputs = outputs_.reserve(rows * settings.output_size);
  packed_.head().forward(rows, features_, outputs, threads, head_);
  return outputs;
}

const float* NetworkPass::run_layer(const Minibatch& batch, std::int64_t layer, const float* x,
                                    CarriedStates* states, int threads) {
  Stage& stage = stages_[layer];
  const std::int64_t rows = batch.rows(), B = batch.size(), H = model_.settings().hidden_size;
  stage.x = x;
  for (std::int64_t d = 0; d < model_.directions(); ++d) {
    Direction& direction = stage.directions[d];
    const Layer& kernels = packed_.layer(layer, d);
    const bool has_c = kernels.cell().states == 2;
    State state0;
    std::vector<float>* carried_h = nullptr;
    std::vector<float>* carried_c = nullptr;
    if (states != nullptr) {
      carried_h = &states->h[layer * model_.directions() + d];
      carried_c = &states->c[layer * model_.directions() + d];
      direction.h0 = *carried_h;
      direction.c0 = *carried_c;
      if (!direction.h0.empty()) state0.h = direction.h0.data();
      if (has_c && !direction.c0.empty()) state0.c = direction.c0.data();
    }
    float* mask = nullptr;
    if (dropout_ != nullptr && dropout_->recurrent_rate > 0) {
      mask = direction.recurrent_mask.reserve(B * H);
      for (std::int64_t i = 0; i < B; ++i) {
        dropout_->mask(dropout_->recurrent_rate, layer,
                       d == 0 ? DropoutSite::kRecurrent : DropoutSite::kRecurrentReverse,
                       batch.sample(i), 0, H, mask + i * H);
      }
    }
    const MutableState state_n{direction.h_n.reserve(B * H),
                               has_c ? direction.c_n.reserve(B * H) : nullptr};
    kernels.forward(batch.batch(d == 1), x, state0, direction.y.reserve(rows * H), state_n,
                    packed_.trains() ? &direction.cache : nullptr, threads, mask);
    if (states != nullptr) {
      carried_h->assign(state_n.h, state_n.h + B * H);
      if (has_c) carried_c->assign(state_n.c, state_n.c + B * H);
    }
  }
  if (model_.directions() == 1) return stage.directions[0].y.get();
  float* joined = stage.joined.reserve(rows * 2 * H);
  for (std::int64_t d = 0; d < 2; ++d) {
    copy_columns(rows, stage.directions[d].y.get(), H, 0, joined, 2 * H, d * H, H);
  }
  return joined;
}

const float* NetworkPass::pool(const Minibatch& batch, const float* y) {
  const Pooling pooling = model_.settings().pooling;
  if (pooling == Pooling::kEveryStep) return y;
  const std::int64_t H = model_.settings().hidden_size, P = model_.head_inputs();
  float* pooled = pooled_.reserve(batch.size() * P);
  if (reads_last_states()) {
    for (std::int64_t d = 0; d < model_.directions(); ++d) {
      copy_columns(batch.size(), stages_.back().directions[d].h_n.get(), H, 0, pooled, P, d * H, H);
    }
  }
  pooler_.forward(batch, y, packed_.attention(), pooled);
  return pooled;
}

void NetworkPass::backward(const Minibatch& batch, const float* doutputs, float* gradient,
                           int threads, std::vector<Buffer<float>>* dh_steps) {
  const NetworkSettings& settings = model_.settings();
  const std::int64_t rows = batch.rows(), B = batch.size(), out_rows = output_rows(batch);
  const std::int64_t F = model_.features(), H = settings.hidden_size, D = model_.directions();
  const std::int64_t P = model_.head_inputs();
  const auto& parameters = model_.parameters();
  const std::size_t last = parameters.size() - 1;
  const auto of = [&](std::size_t index) { return gradient + parameters[index].offset; };

  if (dh_steps != nullptr) dh_steps->resize(stages_.size() * static_cast<std::size_t>(D));
  float* dfeatures = dfeatures_.reserve(out_rows * P);
  packed_.head().backward(out_rows, features_, doutputs, dfeatures, of(last - 1), of(last), threads,
                          head_);
  if (dropout_ != nullptr && dropout_->rate > 0) {
    multiply(out_rows * P, dfeatures, features_mask_.get(), dfeatures);
  }

  // dL/d(outputs of the last layer): of every row, of the last states, or of both.
  const float* dy = dfeatures;
  const bool of_rows = settings.pooling != Pooling::kLast;
  if (of_rows && settings.pooling != Pooling::kEveryStep) {
    float* drows = dy_.reserve(rows * F);
    pooler_.backward(batch, last_y_, packed_.attention(), dfeatures, drows,
                     settings.pooling == Pooling::kAttention ? of(last - 2) : nullptr);
    dy = drows;
  }

  for (std::int64_t layer = settings.num_layers - 1; layer >= 0; --layer) {
    Stage& stage = stages_[layer];
    const bool top = layer + 1 == settings.num_layers;
    const bool wants_dx = layer > 0 || settings.reads_tokens();
    float* dx = wants_dx ? stage.dx.reserve(rows * stage.inputs) : nullptr;
    for (std::int64_t d = 0; d < D; ++d) {
      Direction& direction = stage.directions[d];
      State dstate;
      const float* own_dy = nullptr;
      if (top && reads_last_states()) {
        copy_columns(B, dfeatures, P, d * H, direction.dh_n.reserve(B * H), H, 0, H);
        dstate.h = direction.dh_n.get();
      }
      if (top && !of_rows) {
        // The last states are all that the head has read.
      } else if (D == 1) {
        own_dy = dy;
      } else {
        copy_columns(rows, dy, F, d * H, direction.dy.reserve(rows * H), H, 0, H);
        own_dy = direction.dy.get();
      }
      const bool carried = !direction.h0.empty();
      const State state0{carried ? direction.h0.data() : nullptr,
                         carried && !direction.c0.empty() ? direction.c0.data() : nullptr};
      const auto p = static_cast<std::size_t>(packed_.first_of_layer(layer, d));
      const float* mask = dropout_ != nullptr && dropout_->recurrent_rate > 0
                              ? direction.recurrent_mask.get()
                              : nullptr;
      float* own_dx = dx == nullptr || d == 0 ? dx : direction.dx.reserve(rows * stage.inputs);
      float* own_dh_steps = nullptr;
      if (dh_steps != nullptr) {
        Buffer<float>& buffer = (*dh_steps)[layer * D + d];
        buffer = make_buffer<float>(rows * H);
        own_dh_steps = buffer.get();
      }
      packed_.layer(layer, d).backward(
          batch.batch(d == 1), stage.x, state0, direction.y.get(), direction.cache, own_dy, dstate,
          own_dx, {}, {of(p), of(p + 1), of(p + 2), of(p + 3)}, threads, mask, own_dh_steps);
      if (d == 1 && dx != nullptr) {
        for (std::int64_t i = 0; i < rows * stage.inputs; ++i) dx[i] += own_dx[i];
      }
    }
    if (layer > 0 && dropout_ != nullptr && dropout_->rate > 0) {
      multiply(rows * F, dx, stages_[layer - 1].mask.get(), dx);
    }
    dy = dx;
  }

  if (settings.reads_tokens()) {
    const std::int64_t E = settings.embedding_size;
    std::fill_n(of(0), parameters[0].size, 0.0f);
    for (std::int64_t row = 0; row < rows; ++row) {
      float* to = of(0) + batch.tokens()[row] * E;
      for (std::int64_t e = 0; e < E; ++e) to[e] += dy[row * E + e];
    }
  }
}

}  // namespace skrnn
