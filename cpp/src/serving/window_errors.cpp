#include "serving/window_errors.h"

#include <algorithm>

#include "network/output_rows.h"
#include "network/prediction.h"

namespace skrnn {

bool window_errors(const PackedNetwork& packed, const SequenceData& data, double* errors,
                   int threads, KeepGoing keep_going, void* context) {
  const NetworkSettings& settings = packed.layout().settings();
  const std::int64_t size = OutputRows(settings).each() * settings.output_size;  // of a window
  const auto visit = [&](const Minibatch& batch, const float* outputs) {
    constexpr std::int64_t kAtOnce = 64;
    float targets[kAtOnce];
    for (std::int64_t rank = 0; rank < batch.size(); ++rank) {
      const std::int64_t i = batch.sample(rank), rows = data.offsets[i + 1] - data.offsets[i];
      MeanError error;
      for (std::int64_t first = 0; first < size; first += kAtOnce) {
        const std::int64_t count = std::min(kAtOnce, size - first);
        data.windows.read_targets(data.values, i, rows, first, count, targets);
        error.add(count, outputs + rank * size + first, targets);
      }
      errors[i] = error.mean();
    }
  };
  return for_each_minibatch(packed, data, threads, keep_going, context, visit);
}

}  // namespace skrnn
