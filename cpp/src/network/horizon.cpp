#include "network/horizon.h"

#include <algorithm>
#include <numeric>

namespace skrnn {

Horizon::Horizon(ParameterList& parameters, const std::string& name, std::int64_t steps,
                 std::int64_t columns)
    : steps_(steps) {
  Parameter vectors;
  vectors.name = name + ".weight";
  vectors.shape = {steps, columns};
  offset_ = parameters.add(vectors);
}

const float* HorizonPass::forward(const StackPass& read, std::int64_t sequences, int threads) {
  const std::int64_t B = sequences, M = horizon_.steps(), rows = B * M;
  const std::int64_t I = stack_.shape().input_size, H = stack_.shape().hidden_size;
  if (sequences != sequences_) {
    sequences_ = sequences;
    numbers_.resize(static_cast<std::size_t>(rows + 1));
    std::iota(numbers_.begin(), numbers_.end(), 0);
    SequenceData data;
    data.size = rows;
    data.offsets = numbers_.data();
    steps_.gather(data, numbers_.data(), rows, 0, 1, 0, false);  // only the order of the rows
  }
  float* x = x_.reserve(rows * I);
  for (std::int64_t b = 0; b < B; ++b) std::copy_n(horizon_.vectors(), M * I, x + b * M * I);

  states_.resize(stack_.places());
  for (std::int64_t layer = 0; layer < stack_.shape().num_layers; ++layer) {
    auto& of_layer = states_[stack_.place(layer, 0)];
    of_layer.resize(stack_.layer(layer, 0).cell().states.size());
    for (std::size_t k = 0; k < of_layer.size(); ++k) {
      const float* last = read.last_state(layer, 0, k);
      of_layer[k].resize(static_cast<std::size_t>(rows * H));
      for (std::int64_t row = 0; row < rows; ++row) {
        std::copy_n(last + row / M * H, H, of_layer[k].data() + row * H);
      }
    }
  }
  return pass_.forward(steps_, x, nullptr, &states_, threads).h;
}

const StateGradients& HorizonPass::backward(const float* dh, float* gradient, int threads) {
  const std::int64_t B = sequences_, M = horizon_.steps();
  const std::int64_t I = stack_.shape().input_size, H = stack_.shape().hidden_size;
  const Range range = stack_.range();
  float* own = gradient_.reserve(range.end);
  const float* dx =
      pass_.backward(steps_, {dh, nullptr, nullptr}, true, own, threads, nullptr, &dsteps_);

  float* dvectors = horizon_.gradient(gradient);
  std::fill_n(dvectors, M * I, 0.0f);
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::int64_t i = 0; i < M * I; ++i) dvectors[i] += dx[b * M * I + i];
  }

  dsequences_.resize(dsteps_.size());
  for (std::size_t place = 0; place < dsteps_.size(); ++place) {
    dsequences_[place].resize(dsteps_[place].size());
    for (std::size_t k = 0; k < dsteps_[place].size(); ++k) {
      const float* from = dsteps_[place][k].get();
      float* to = dsequences_[place][k].reserve(B * H);
      std::fill_n(to, B * H, 0.0f);
      for (std::int64_t row = 0; row < B * M; ++row) {
        for (std::int64_t h = 0; h < H; ++h) to[row / M * H + h] += from[row * H + h];
      }
    }
  }
  return dsequences_;
}

void HorizonPass::add_parameters(float* gradient) const {
  const Range range = stack_.range();
  for (std::int64_t i = range.begin; i < range.end; ++i) gradient[i] += gradient_.get()[i];
}

}  // namespace skrnn
