// Rows of outputs, shared among threads.
#pragma once

#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/grid.h"
#include "losses/loss.h"

namespace skrnn {

// Calls body(row) for rows 0..rows-1, on at most `threads` threads, and fewer for little work. With
// one thread nothing is allocated and OpenMP is not called.
template <class Body>
void for_each_row(const LossContext& context, std::int64_t rows, int threads, const Body& body) {
  constexpr std::int64_t kOutputsOfOne = 16'384;  // outputs that make a thread worth its start
  if (threads != 1) threads = threads_worth(rows, rows * context.outputs, kOutputsOfOne, threads);
  if (threads == 1) {  // the calling thread, in its own floating-point mode
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
