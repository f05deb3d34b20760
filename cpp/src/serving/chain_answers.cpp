#include "serving/chain_answers.h"

#include <algorithm>

#include "base/parallel.h"
#include "layer/grid.h"

namespace skrnn {
namespace {

// Calls body(i) for each sequence.
template <class Body>
bool for_each_sequence(const LinearChain& chain, const SequenceData& data, int threads,
                       KeepGoing keep_going, void* context, const Body& body) {
  constexpr std::int64_t kWorkOfOne = 200'000;  // multiply-adds that make a thread worth its start
  constexpr std::int64_t kAtOnce = 256;         // sequences between two calls of keep_going
  const std::int64_t K = chain.labels();
  for (std::int64_t begin = 0; begin < data.size; begin += kAtOnce) {
    if (keep_going != nullptr && !keep_going(context)) return false;
    const std::int64_t count = std::min(kAtOnce, data.size - begin);
    const std::int64_t steps = data.offsets[begin + count] - data.offsets[begin];
    run_parallel(threads_worth(count, steps * K * K, kWorkOfOne, threads), [&](const Team& team) {
      const Range share = equal_share(count, team.thread, team.threads);
      for (std::int64_t i = begin + share.begin; i < begin + share.end; ++i) body(i);
    });
  }
  return true;
}

}  // namespace

bool chain_marginals(const LinearChain& chain, const SequenceData& data, const float* emissions,
                     double* answers, int threads, KeepGoing keep_going, void* context) {
  const std::int64_t K = chain.labels();
  return for_each_sequence(chain, data, threads, keep_going, context, [&](std::int64_t i) {
    const std::int64_t first = data.offsets[i];
    chain.marginals(data.offsets[i + 1] - first, emissions + first * K, answers + first * K);
  });
}

bool chain_best_paths(const LinearChain& chain, const SequenceData& data, const float* emissions,
                      std::int64_t n, std::int64_t* labels, double* scores, int threads,
                      KeepGoing keep_going, void* context) {
  const std::int64_t K = chain.labels(), rows = data.offsets[data.size];
  return for_each_sequence(chain, data, threads, keep_going, context, [&](std::int64_t i) {
    const std::int64_t first = data.offsets[i], T = data.offsets[i + 1] - first;
    const float* of_sequence = emissions + first * K;
    chain.best_paths(T, of_sequence, n, labels + first, rows, scores + i, data.size);
    const double log_z = chain.log_partition(T, of_sequence);
    for (std::int64_t p = 0; p < n; ++p) scores[p * data.size + i] -= log_z;
  });
}

}  // namespace skrnn
