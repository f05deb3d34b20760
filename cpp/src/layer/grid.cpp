#include "layer/grid.h"

#include <algorithm>

#include "base/parallel.h"

namespace skrnn {
namespace {

Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }

// The largest number of parts of the hidden units, which are cut between whole panels only.
Index unit_cuts(LayerShape shape, const CellKernels& kernels) {
  return ceil_div(shape.hidden_size, kernels.lanes * kCutBlocks);
}

// The estimated cost of a call on one grid, in cycles of a common CPU. Only the ranking of grids
// matters, and only if their costs differ by much, so the constants are round numbers.
double cost(const Batch& batch, LayerShape shape, const CellKernels& kernels, Work work,
            Grid grid) {
  constexpr double kStart = 30'000;       // waking a sleeping thread
  constexpr double kBarrierWait = 7'000;  // until the slowest thread arrives
  constexpr double kEquations = 60;       // of a cell, for one packet of units
  constexpr double kMultiplyAdds = 1.5;   // packets a cycle, in practice

  const double steps = static_cast<double>(batch.steps());
  const double active = static_cast<double>(batch.total_steps()) / steps;
  const double rows = std::max(1.0, active / grid.ranks);
  const double packets = static_cast<double>(shape.hidden_size) / grid.units / kernels.lanes;
  const double inner = static_cast<double>(shape.input_size + shape.hidden_size);
  const double weights = kernels.gates * packets * inner;  // in packets

  const double bytes = weights * kernels.lanes * sizeof(float);
  const double bytes_a_cycle = bytes <= 512 * 1024 ? 32 : bytes <= 8 * 1024 * 1024 ? 16 : 6;
  const double arithmetic = rows * (weights / kMultiplyAdds + packets * kEquations);
  double total = steps * work.passes * (arithmetic + bytes / bytes_a_cycle);
  if (grid.threads() > 1) total += kStart + static_cast<double>(work.barriers) * kBarrierWait;
  if (grid.units > 1) total += steps * kernels.stages * kBarrierWait;
  return total;
}

}  // namespace

Grid choose_grid(const Batch& batch, LayerShape shape, const CellKernels& kernels, Work work,
                 int wanted) {
  if (threads_lost() || batch.total_steps() == 0) return {1, 1};
  if (wanted <= 0) wanted = max_threads();
  // With units cut, threads wait for one another at every step, which costs most if other work
  // shares the cores: such a grid is chosen only if it is faster by this factor.
  constexpr double kAdvantage = 1.1;
  Grid best{1, 1};
  double least = cost(batch, shape, kernels, work, best);
  for (Index units = 1; units <= std::min<Index>(wanted, unit_cuts(shape, kernels)); ++units) {
    const Grid grid{static_cast<int>(std::min<Index>(batch.size(), wanted / units)),
                    static_cast<int>(units)};
    const double expected =
        cost(batch, shape, kernels, work, grid) * (units > 1 ? kAdvantage : 1.0);
    if (expected < least) {
      least = expected;
      best = grid;
    }
  }
  return best;
}

Grid shrink(Grid grid, int threads) {
  if (threads >= grid.threads()) return grid;
  return {threads, 1};
}

Range ranks_of_part(const Batch& batch, int part, int parts) {
  const auto cut = [&](int before) {
    const Index target = (batch.total_steps() * before + parts / 2) / parts;
    Index i = 0;
    for (Index steps = 0; i < batch.size(); ++i) {
      if (2 * steps + batch.length(i) > 2 * target) break;
      steps += batch.length(i);
    }
    return i;
  };
  return {part == 0 ? 0 : cut(part), part + 1 == parts ? batch.size() : cut(part + 1)};
}

Range blocks_of_part(LayerShape shape, const CellKernels& kernels, int part, int parts) {
  const Range cuts = equal_share(unit_cuts(shape, kernels), part, parts);
  const Index blocks = ceil_div(shape.hidden_size, kernels.lanes);
  return {std::min(blocks, cuts.begin * kCutBlocks), std::min(blocks, cuts.end * kCutBlocks)};
}

Range equal_share(Index n, int part, int parts) {
  return {n * part / parts, n * (part + 1) / parts};
}

}  // namespace skrnn
