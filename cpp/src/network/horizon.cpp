#include "network/horizon.h"

#include <algorithm>

namespace skrnn {

Horizon::Horizon(ParameterList& parameters, const std::string& name, std::int64_t steps,
                 std::int64_t columns)
    : steps_(steps) {
  Parameter vectors;
  vectors.name = name + ".weight";
  vectors.shape = {steps, columns};
  offset_ = parameters.add(vectors);
}

const float* HorizonPass::forward(const StackPass& read, std::int64_t sequences, const float* extra,
                                  int threads) {
  const std::int64_t M = horizon_.steps(), floats = M * stack_.shape().input_size;
  sequences_ = sequences;
  const float* x = horizon_.vectors();
  if (extra != nullptr) {
    float* sums = x_.reserve(sequences * floats);
    for (std::int64_t i = 0; i < sequences * floats; ++i) sums[i] = x[i % floats] + extra[i];
    x = sums;
  }
  for (std::int64_t layer = 0; layer < stack_.shape().num_layers; ++layer) {
    const Layer& kernels = stack_.layer(layer, 0);
    if (layers_.size() == static_cast<std::size_t>(layer)) {
      layers_.push_back(make_parallel_steps(kernels, trains_));
    }
    std::vector<const float*> states;
    for (std::size_t k = 0; k < kernels.cell().states.size(); ++k) {
      states.push_back(read.last_state(layer, 0, k));
    }
    const bool shared = layer == 0 && extra == nullptr;
    x = layers_[layer]->forward({sequences, M, x, shared}, states.data(), threads);
  }
  return x;
}

const StateGradients& HorizonPass::backward(const float* dh, float* gradient, float* dextra,
                                            int threads) {
  const std::int64_t B = sequences_, M = horizon_.steps(), H = stack_.shape().hidden_size;
  const std::int64_t floats = M * stack_.shape().input_size;
  float* own = gradient_.reserve(stack_.range().end);
  float* dvectors = horizon_.gradient(gradient);
  dx_.resize(layers_.size());
  dstates_.resize(layers_.size());
  for (std::int64_t layer = stack_.shape().num_layers - 1; layer >= 0; --layer) {
    std::vector<Workspace<float>>& of_layer = dstates_[stack_.place(layer, 0)];
    of_layer.resize(stack_.layer(layer, 0).cell().states.size());
    std::vector<float*> dstates;
    for (Workspace<float>& dstate : of_layer) dstates.push_back(dstate.reserve(B * H));
    const bool shared = layer == 0 && dextra == nullptr;
    float* dx = shared ? dvectors : layer == 0 ? dextra : dx_[layer].reserve(B * M * H);
    layers_[layer]->backward(dh, dx, dstates.data(), stack_.gradients(layer, 0, own), threads);
    dh = dx;
  }
  if (dextra != nullptr) {
    std::copy_n(dextra, floats, dvectors);
    for (std::int64_t i = floats; i < B * floats; ++i) dvectors[i % floats] += dextra[i];
  }
  return dstates_;
}

void HorizonPass::add_parameters(float* gradient) const {
  const Range range = stack_.range();
  for (std::int64_t i = range.begin; i < range.end; ++i) gradient[i] += gradient_.get()[i];
}

}  // namespace skrnn
