#include "network/network_pass.h"

namespace skrnn {

NetworkPass::NetworkPass(const PackedNetwork& packed)
    : num_parameters_(packed.layout().num_parameters()),
      rows_(packed.layout().settings()),
      parts_(packed.parts()),
      input_dropout_(kInputVectors, DropoutPass::Rows::kSteps, parts_.stack.shape().input_size),
      stack_(parts_.stack, packed.trains()),
      pooling_(parts_.pooler),
      dropout_(
          parts_.stack.shape().num_layers - 1,
          parts_.pooler.every_step() ? DropoutPass::Rows::kSteps : DropoutPass::Rows::kSequences,
          parts_.pooler.columns(), parts_.horizon ? parts_.horizon->steps() : 1),
      head_(parts_.head, parts_.transitions ? parts_.transitions->size() : 0) {
  if (parts_.embedding) embedding_.emplace(*parts_.embedding);
  if (parts_.spelling) {
    spelling_.emplace(*parts_.spelling, parts_.embedding->size(), packed.trains());
  }
  if (parts_.horizon) horizon_.emplace(*parts_.horizon, parts_.stack, packed.trains());
  if (parts_.future) future_.emplace(*parts_.future);
  if (parts_.projection) projection_.emplace(*parts_.projection);
  const std::int64_t K = packed.layout().settings().side_channels;
  if (K > 0) side_.emplace(parts_.stack.shape().input_size - K, K);
}

std::int64_t NetworkPass::output_rows(const Minibatch& batch) const { return rows_.count(batch); }

std::int64_t NetworkPass::output_floats(const Minibatch& batch) const {
  const std::int64_t of_rows = output_rows(batch) * parts_.head.outputs();
  return of_rows + (parts_.transitions ? parts_.transitions->size() : 0);
}

const float* NetworkPass::forward(const Minibatch& batch, const Dropout* dropout,
                                  CarriedStates* states, int threads) {
  const float* x = embedding_ ? embedding_->forward(batch, dropout) : batch.values();
  if (spelling_) x = spelling_->forward(batch, x, threads);
  if (projection_) x = projection_->forward(batch.rows(), x, threads);
  if (side_) x = side_->forward(batch, x);
  x = input_dropout_.forward(batch, dropout, x);
  const StackOutput h = stack_.forward(batch, x, dropout, states, threads);
  const float* extra =
      future_ ? future_->forward(output_rows(batch), batch.future(), threads) : nullptr;
  const float* pooled = horizon_ ? horizon_->forward(stack_, batch.size(), extra, threads)
                                 : pooling_.forward(batch, h);
  const float* features = dropout_.forward(batch, dropout, pooled);
  float* outputs = head_.forward(output_rows(batch), features, threads);
  if (parts_.transitions) {
    parts_.transitions->append(outputs + output_rows(batch) * parts_.head.outputs());
  }
  return outputs;
}

void NetworkPass::backward(const Minibatch& batch, const float* doutputs, float* gradient,
                           GradientRanges& ranges, int threads,
                           std::vector<Buffer<float>>* dh_steps) {
  ranges.cover(num_parameters_);
  if (parts_.transitions) {
    parts_.transitions->backward(doutputs + output_rows(batch) * parts_.head.outputs(), gradient);
  }
  float* dfeatures = head_.backward(output_rows(batch), doutputs, gradient, threads);
  dropout_.backward(batch, dfeatures);
  StackOutputGradient dh{nullptr, nullptr};
  if (horizon_) {
    const std::int64_t rows = output_rows(batch);
    float* dfuture = future_ ? dfuture_.reserve(rows * future_->outputs()) : nullptr;
    dh.dstates = &horizon_->backward(dfeatures, gradient, dfuture, threads);
    if (future_) future_->backward_parameters(rows, dfuture, gradient, threads);
  } else {
    dh = pooling_.backward(batch, dfeatures, gradient);
  }
  const bool wants_dx = embedding_ || projection_;
  float* dx = stack_.backward(batch, dh, wants_dx, gradient, threads, dh_steps);
  if (horizon_) horizon_->add_parameters(gradient);
  if (!wants_dx) return;
  input_dropout_.backward(batch, dx);
  if (projection_) return projection_->backward(batch.rows(), dx, gradient, threads);
  const float* dembedded = side_ ? side_->backward(batch, dx) : dx;
  if (spelling_) dembedded = spelling_->backward(batch, dembedded, gradient, ranges, threads);
  embedding_->backward(batch, dembedded, gradient, ranges);
}

}  // namespace skrnn
