// Rows of outputs, shared among threads.
#pragma once

#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/grid.h"
#include "losses/loss.h"

namespace skrnn {

// Calls body(row) for rows 0..rows-1, on as many threads as they are worth and at most `threads`.
// With one thread nothing is allocated and OpenMP is not asked.
template <class Body>
void for_each_row(const LossContext& context, std::int64_t rows, int threads, const Body& body) {
  constexpr std::int64_t kOutputsOfOne = 16'384;  // below which a thread costs more than it brings
  if (threads != 1) threads = threads_worth(rows, rows * context.outputs, kOutputsOfOne, threads);
  if (threads == 1) {  // the thread that calls, in its own mode
    for (std::int64_t row = 0; row < rows; ++row) body(row);
    return;
  }
  const FloatingPointMode::Register mode = FloatingPointMode::read();
  run_parallel(threads, [&](const Team& team) {
    const FloatingPointMode guard(mode);
    const Range range = equal_share(rows, team.thread, team.threads);
    for (std::int64_t row = range.begin; row < range.end; ++row) body(row);
  });
}

}  // namespace skrnn
