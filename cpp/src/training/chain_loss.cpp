#include <algorithm>

#include "skrnn/linear_chain.h"
#include "training/chain_objective.h"

namespace skrnn {

double chain_loss(std::int64_t labels, const SequenceData& data, const Targets& targets,
                  const float* transitions, float* demissions, float* dtransitions, int threads) {
  const std::int64_t K = labels, rows = data.offsets[data.size], size = TransitionScores::size(K);
  const Minibatches all = Minibatches::sorted(data, data.size, rows);
  Minibatch batch;
  batch.gather(data, all.samples(0), data.size, 0, rows, 0, false);  // no channels: only the order
  const Buffer<float> outputs = make_buffer<float>(rows * K + size);
  const Buffer<float> doutputs = make_buffer<float>(rows * K + size);
  batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    const std::int64_t from = data.offsets[batch.sample(rank)] + step;
    std::copy_n(data.values + from * K, K, outputs.get() + row * K);
  });
  std::copy_n(transitions, size, outputs.get() + rows * K);
  ChainObjective objective(K, data, targets);
  const Score score = objective.score(batch, outputs.get(), doutputs.get(), threads);
  batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    const std::int64_t to = data.offsets[batch.sample(rank)] + step;
    std::copy_n(doutputs.get() + row * K, K, demissions + to * K);
  });
  std::copy_n(doutputs.get() + rows * K, size, dtransitions);
  return score.weights > 0 ? score.loss / score.weights : 0;
}

}  // namespace skrnn
