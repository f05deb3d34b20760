#include "network/stack.h"

#include "network/columns.h"

namespace skrnn {
namespace {

// States in the form that Layer takes: an array of pointers, or null for no array.
std::vector<const float*> pointers_to(const std::vector<std::vector<float>>& states) {
  std::vector<const float*> pointers;
  for (const std::vector<float>& state : states) pointers.push_back(state.data());
  return pointers;
}

template <class T>
T* data_or_null(std::vector<T>& pointers) {
  return pointers.empty() ? nullptr : pointers.data();
}

}  // namespace

// ---- The layers ----

Stack::Stack(ParameterList& parameters, const std::string& name, const StackShape& shape)
    : shape_(shape) {
  const CellInfo cell = cell_info(shape.cell);
  const std::int64_t H = shape.hidden_size;
  range_.begin = parameters.size();
  for (std::int64_t layer = 0; layer < shape.num_layers; ++layer) {
    for (std::int64_t d = 0; d < shape.directions; ++d) {
      const std::string end = "_l" + std::to_string(layer) + (d == 1 ? "_reverse" : "");
      const std::int64_t inputs = shape.inputs(layer);
      std::vector<std::int64_t>& offsets = offsets_.emplace_back();
      for (const ParameterInfo& info : cell.parameters) {
        Parameter parameter;
        parameter.name = name + "." + info.name + end;
        parameter.shape = {info.rows.of(inputs, H)};
        if (!info.is_vector()) parameter.shape.push_back(info.columns.of(inputs, H));
        parameter.decays = info.decays;
        offsets.push_back(parameters.add(parameter));
      }
    }
  }
  range_.end = parameters.size();
}

void Stack::load(const float* parameters, bool trains) {
  const bool made = !layers_.empty();
  layers_.reserve(places());
  for (std::int64_t layer = 0; layer < shape_.num_layers; ++layer) {
    for (std::int64_t d = 0; d < shape_.directions; ++d) {
      LayerParameters own;
      for (const std::int64_t offset : offsets_[place(layer, d)])
        own.push_back(parameters + offset);
      if (!made) {
        layers_.emplace_back(shape_.cell, shape_.inputs(layer), shape_.hidden_size, own);
        if (!trains) continue;
      }
      layers_[place(layer, d)].load(own, trains);
    }
  }
}

LayerGradients Stack::gradients(std::int64_t layer, std::int64_t direction, float* gradient) const {
  LayerGradients result;
  for (const std::int64_t offset : offsets_[place(layer, direction)]) {
    result.push_back(gradient + offset);
  }
  return result;
}

// ---- Forward ----

StackPass::StackPass(const Stack& stack, bool trains) : stack_(stack), trains_(trains) {
  const StackShape& shape = stack.shape();
  for (std::int64_t layer = 0; layer < shape.num_layers; ++layer) {
    stages_.emplace_back(layer, shape);
  }
}

StackOutput StackPass::forward(const Minibatch& batch, const float* x, const Dropout* dropout,
                               CarriedStates* states, int threads) {
  const StackShape& shape = stack_.shape();
  const std::int64_t H = shape.hidden_size, F = shape.features();
  masks_recurrence_ = dropout != nullptr && dropout->recurrent_rate > 0;
  if (states != nullptr) states->resize(stack_.places());
  const float* y = x;
  for (std::int64_t layer = 0; layer < shape.num_layers; ++layer) {
    Stage& stage = stages_[layer];
    stage.x = layer == 0 ? x : stages_[layer - 1].dropout.forward(batch, dropout, y);
    y = run_layer(batch, layer, dropout, states, threads);
  }

  std::vector<Direction>& top = stages_.back().directions;
  if (shape.directions == 1) return {y, top[0].state_n[0].get()};
  float* last = last_.reserve(batch.size() * F);
  for (std::int64_t d = 0; d < shape.directions; ++d) {
    copy_columns(batch.size(), H, top[d].state_n[0].get(), H, last + d * H, F);
  }
  return {y, last};
}

const float* StackPass::run_layer(const Minibatch& batch, std::int64_t layer,
                                  const Dropout* dropout, CarriedStates* states, int threads) {
  const std::int64_t D = stack_.shape().directions;
  const std::int64_t H = stack_.shape().hidden_size, F = stack_.shape().features();
  Stage& stage = stages_[layer];
  for (std::int64_t d = 0; d < D; ++d) run_direction(batch, layer, d, dropout, states, threads);
  if (D == 1) return stage.directions[0].y.get();
  float* y = stage.y.reserve(batch.rows() * F);
  for (std::int64_t d = 0; d < D; ++d) {
    copy_columns(batch.rows(), H, stage.directions[d].y.get(), H, y + d * H, F);
  }
  return y;
}

void StackPass::run_direction(const Minibatch& batch, std::int64_t layer, std::int64_t d,
                              const Dropout* dropout, CarriedStates* states, int threads) {
  const Layer& kernels = stack_.layer(layer, d);
  Direction& direction = stages_[layer].directions[d];
  const std::int64_t B = batch.size(), H = stack_.shape().hidden_size;

  float* mask = nullptr;
  if (masks_recurrence_) {
    mask = direction.recurrent_mask.reserve(B * H);
    for (std::int64_t i = 0; i < B; ++i) {
      dropout->mask(dropout->recurrent_rate, layer,
                    d == 0 ? DropoutSite::kRecurrent : DropoutSite::kRecurrentReverse,
                    batch.sample(i), 0, H, mask + i * H);
    }
  }

  direction.state0.clear();
  if (states != nullptr) direction.state0 = (*states)[stack_.place(layer, d)];
  std::vector<const float*> state0 = pointers_to(direction.state0);
  std::vector<float*> state_n;
  direction.state_n.resize(kernels.cell().states.size());
  for (Workspace<float>& state : direction.state_n) state_n.push_back(state.reserve(B * H));

  kernels.forward(batch.batch(d == 1), stages_[layer].x, data_or_null(state0),
                  direction.y.reserve(batch.rows() * H), state_n.data(),
                  trains_ ? &direction.cache : nullptr, threads, mask);

  if (states == nullptr) return;
  std::vector<std::vector<float>>& carried = (*states)[stack_.place(layer, d)];
  carried.clear();
  for (const float* state : state_n) carried.emplace_back(state, state + B * H);
}

// ---- Backward ----

float* StackPass::backward(const Minibatch& batch, const StackOutputGradient& doutput,
                           bool wants_dx, float* gradient, int threads,
                           std::vector<Buffer<float>>* dh_steps, StateGradients* dstate0) {
  if (dh_steps != nullptr) dh_steps->resize(stack_.places());
  if (dstate0 != nullptr) dstate0->resize(stack_.places());
  StackOutputGradient doutput_of_layer = doutput;
  for (std::int64_t layer = stack_.shape().num_layers - 1; layer > 0; --layer) {
    float* dx =
        backward_layer(batch, layer, doutput_of_layer, true, gradient, threads, dh_steps, dstate0);
    stages_[layer - 1].dropout.backward(batch, dx);
    doutput_of_layer = {dx, nullptr, doutput.dstates};
  }
  return backward_layer(batch, 0, doutput_of_layer, wants_dx, gradient, threads, dh_steps, dstate0);
}

float* StackPass::backward_layer(const Minibatch& batch, std::int64_t layer,
                                 const StackOutputGradient& doutput, bool wants_dx, float* gradient,
                                 int threads, std::vector<Buffer<float>>* dh_steps,
                                 StateGradients* dstate0) {
  const std::int64_t rows = batch.rows(), B = batch.size(), D = stack_.shape().directions;
  const std::int64_t H = stack_.shape().hidden_size, F = stack_.shape().features();
  const std::int64_t inputs = rows * stack_.shape().inputs(layer);
  Stage& stage = stages_[layer];
  float* dx = wants_dx ? stage.dx.reserve(inputs) : nullptr;
  for (std::int64_t d = 0; d < D; ++d) {
    Direction& direction = stage.directions[d];
    const Layer& kernels = stack_.layer(layer, d);

    // This direction's columns of [n, F].
    const auto own = [&](const float* from, std::int64_t n, Workspace<float>& to) -> const float* {
      if (from == nullptr || D == 1) return from;
      copy_columns(n, H, from + d * H, F, to.reserve(n * H), H);
      return to.get();
    };
    const float* dy = own(doutput.dh, rows, direction.dy);
    const std::size_t states = kernels.cell().states.size();
    std::vector<const float*> dstate_n(states);
    dstate_n[0] = own(doutput.dlast, B, direction.dlast);
    std::vector<float*> own_dstate0;
    for (std::size_t k = 0; k < states; ++k) {
      if (doutput.dstates) dstate_n[k] = (*doutput.dstates)[stack_.place(layer, d)][k].get();
      if (dstate0 == nullptr) continue;
      (*dstate0)[stack_.place(layer, d)].resize(states);
      own_dstate0.push_back((*dstate0)[stack_.place(layer, d)][k].reserve(B * H));
    }

    float* own_dx = !wants_dx || d == 0 ? dx : direction.dx.reserve(inputs);
    float* own_dh_steps = nullptr;
    if (dh_steps != nullptr) {
      Buffer<float>& buffer = (*dh_steps)[stack_.place(layer, d)];
      buffer = make_buffer<float>(rows * H);
      own_dh_steps = buffer.get();
    }
    std::vector<const float*> state0 = pointers_to(direction.state0);
    kernels.backward(batch.batch(d == 1), stage.x, data_or_null(state0), direction.y.get(),
                     direction.cache, dy, dstate_n.data(), own_dx, data_or_null(own_dstate0),
                     stack_.gradients(layer, d, gradient), threads,
                     masks_recurrence_ ? direction.recurrent_mask.get() : nullptr, own_dh_steps);
    if (wants_dx && d == 1) {
      for (std::int64_t i = 0; i < inputs; ++i) dx[i] += own_dx[i];
    }
  }
  return dx;
}

}  // namespace skrnn
