#include "network/network_pass.h"

namespace skrnn {

NetworkPass::NetworkPass(const PackedNetwork& packed)
    : num_parameters_(packed.layout().num_parameters()),
      rows_(packed.layout().settings()),
      parts_(packed.parts()),
      stack_(parts_.stack, packed.trains()),
      pooling_(parts_.pooler),
      dropout_(
          parts_.stack.shape().num_layers - 1,
          parts_.pooler.every_step() ? DropoutPass::Rows::kSteps : DropoutPass::Rows::kSequences,
          parts_.pooler.columns()),
      head_(parts_.head) {
  if (parts_.embedding) embedding_.emplace(*parts_.embedding);
}

std::int64_t NetworkPass::output_rows(const Minibatch& batch) const { return rows_.count(batch); }

const float* NetworkPass::forward(const Minibatch& batch, const Dropout* dropout,
                                  CarriedStates* states, int threads) {
  const float* x = embedding_ ? embedding_->forward(batch) : batch.values();
  const StackOutput h = stack_.forward(batch, x, dropout, states, threads);
  const float* features = dropout_.forward(batch, dropout, pooling_.forward(batch, h));
  return head_.forward(output_rows(batch), features, threads);
}

void NetworkPass::backward(const Minibatch& batch, const float* doutputs, float* gradient,
                           GradientRanges& ranges, int threads,
                           std::vector<Buffer<float>>* dh_steps) {
  ranges.cover(num_parameters_);
  float* dfeatures = head_.backward(output_rows(batch), doutputs, gradient, threads);
  dropout_.backward(batch, dfeatures);
  const StackOutputGradient dh = pooling_.backward(batch, dfeatures, gradient);
  const float* dx = stack_.backward(batch, dh, embedding_.has_value(), gradient, threads, dh_steps);
  if (embedding_) embedding_->backward(batch, dx, gradient, ranges);
}

}  // namespace skrnn
