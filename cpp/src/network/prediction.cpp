#include "network/prediction.h"

#include <algorithm>
#include <cstring>

#include "network/minibatch.h"
#include "network/network_pass.h"

namespace skrnn {
namespace {

// Sequences and rows of a minibatch that is not trained on: enough to fill the kernels, few enough
// to bound the memory.
constexpr std::int64_t kEvaluationSequences = 256;
constexpr std::int64_t kEvaluationRows = 16 * 1024;

}  // namespace

bool predict(const PackedNetwork& packed, const SequenceData& data, float* outputs, int threads,
             KeepGoing keep_going, void* context) {
  const NetworkLayout& layout = packed.layout();
  const std::int64_t K = layout.settings().output_size;
  const bool every_step = layout.settings().pooling == Pooling::kEveryStep;
  // Where only the last state matters, long sequences go in cuts, so that memory stays bounded.
  const bool cuts =
      layout.directions() == 1 && (every_step || layout.settings().pooling == Pooling::kLast);
  NetworkPass network(packed);
  const Minibatches batches = Minibatches::sorted(data, kEvaluationSequences, kEvaluationRows);
  Minibatch batch;
  for (std::int64_t b = 0; b < batches.count(); ++b) {
    CarriedStates states;
    const std::int64_t longest =
        data.offsets[batches.samples(b)[0] + 1] - data.offsets[batches.samples(b)[0]];
    const std::int64_t cut =
        cuts ? std::max<std::int64_t>(1, kEvaluationRows / batches.size(b)) : longest;
    for (std::int64_t first = 0; first < longest; first += cut) {
      if (keep_going != nullptr && !keep_going(context)) return false;
      batch.gather(data, batches.samples(b), batches.size(b), first, cut,
                   layout.settings().input_size, layout.directions() == 2);
      const float* rows =
          network.forward(batch, nullptr, cut < longest ? &states : nullptr, threads);
      const auto put = [&](std::int64_t from, std::int64_t to) {
        std::memcpy(outputs + to * K, rows + from * K, static_cast<std::size_t>(K) * sizeof(float));
      };
      if (every_step) {
        batch.for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
          put(row, data.offsets[batch.sample(rank)] + step);
        });
      } else {
        for (std::int64_t i = 0; i < batch.size(); ++i) {
          if (batch.ends(i)) put(i, batch.sample(i));
        }
      }
    }
  }
  return true;
}

bool predict(const NetworkLayout& layout, const float* parameters, const SequenceData& data,
             float* outputs, int threads, KeepGoing keep_going, void* context) {
  PackedNetwork packed(layout, false);
  packed.load(parameters);
  return predict(packed, data, outputs, threads, keep_going, context);
}

}  // namespace skrnn
