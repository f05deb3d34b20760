#include "network/prediction.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "network/network_pass.h"
#include "network/output_rows.h"

namespace skrnn {
namespace {

// Sequences and rows of a minibatch in evaluation: enough to fill the kernels, few enough to bound
// the memory.
constexpr std::int64_t kEvaluationSequences = 256;
constexpr std::int64_t kEvaluationRows = 16 * 1024;

// The rows of a minibatch of `data`. The letters of words take memory, too, so that of words with
// more than a few letters there are fewer rows.
std::int64_t most_rows(const SequenceData& data) {
  constexpr std::int64_t kLetters = 8;
  if (data.words == nullptr) return kEvaluationRows;
  const std::int64_t mean = data.word_offsets[data.num_words] / data.num_words;
  return kEvaluationRows * kLetters / std::max(kLetters, mean);
}

// If no output depends on more than one state, and outputs of different steps have their meaning
// one by one, long sequences are processed in cuts, so that memory stays bounded.
bool goes_in_cuts(const NetworkLayout& layout) {
  const Pooling pooling = layout.settings().pooling;
  return layout.directions() == 1 && !layout.settings().transitions &&
         (pooling == Pooling::kEveryStep || pooling == Pooling::kLast);
}

}  // namespace

bool is_one_minibatch(const NetworkLayout& layout, const SequenceData& data) {
  return goes_in_cuts(layout) && data.size <= kEvaluationSequences && have_equal_lengths(data);
}

bool for_each_minibatch(const PackedNetwork& packed, const SequenceData& data, int threads,
                        KeepGoing keep_going, void* context,
                        const std::function<void(const Minibatch&, const float* outputs)>& visit,
                        CarriedStates* states) {
  const NetworkLayout& layout = packed.layout();
  const bool cuts = goes_in_cuts(layout);
  NetworkPass network(packed);
  constexpr std::int64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();
  const std::int64_t max_rows = most_rows(data);
  const Minibatches batches =
      Minibatches::sorted(data, kEvaluationSequences, cuts ? kAnyNumber : max_rows);
  Minibatch batch;
  for (std::int64_t b = 0; b < batches.count(); ++b) {
    CarriedStates of_minibatch;
    const std::int64_t longest =
        data.offsets[batches.samples(b)[0] + 1] - data.offsets[batches.samples(b)[0]];
    const std::int64_t cut = cuts ? std::max<std::int64_t>(1, max_rows / batches.size(b)) : longest;
    for (std::int64_t first = 0; first < longest; first += cut) {
      if (keep_going != nullptr && !keep_going(context)) return false;
      batch.gather(data, batches.samples(b), batches.size(b), first, cut,
                   layout.settings().input_size, layout.directions() == 2);
      CarriedStates* carried = cut < longest ? &of_minibatch : nullptr;
      if (states != nullptr) carried = states;
      visit(batch, network.forward(batch, nullptr, carried, threads));
    }
  }
  return true;
}

bool predict(const PackedNetwork& packed, const SequenceData& data, float* outputs, int threads,
             KeepGoing keep_going, void* context) {
  const NetworkSettings& settings = packed.layout().settings();
  const std::int64_t K = settings.output_size;
  const auto put = [&](const Minibatch& batch, const float* from) {
    OutputRows(settings).for_each(data, batch, [&](std::int64_t row, std::int64_t to) {
      if (to < 0) return;
      std::memcpy(outputs + to * K, from + row * K, static_cast<std::size_t>(K) * sizeof(float));
    });
  };
  return for_each_minibatch(packed, data, threads, keep_going, context, put);
}

bool predict(const NetworkLayout& layout, const float* parameters, const SequenceData& data,
             float* outputs, int threads, KeepGoing keep_going, void* context) {
  PackedNetwork packed(layout, false);
  packed.load(parameters);
  return predict(packed, data, outputs, threads, keep_going, context);
}

std::int64_t output_rows(const NetworkSettings& network, const SequenceData& data) {
  return OutputRows(network).count(data);
}

}  // namespace skrnn
