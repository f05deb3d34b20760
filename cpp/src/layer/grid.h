// The division of a layer's work among threads. Results never depend on it.
#pragma once

#include "layer/kernel_table.h"
#include "skrnn/batch.h"

namespace skrnn {

// Threads in a grid: sequences are cut in `ranks` parts, and the hidden units of each part in
// `units`. Threads that share sequences wait for one another at every step; other threads never
// wait.
struct Grid {
  int ranks;
  int units;

  int threads() const { return ranks * units; }
};

// The amount of work in a call, for the estimate of its cost.
struct Work {
  int passes;      // products with each weight, for one row
  Index barriers;  // times that all threads wait for one another, over the whole call
};

// The fastest grid of at most `wanted` threads (<= 0: max_threads()).
Grid choose_grid(const Batch& batch, LayerShape shape, const CellKernels& kernels, Work work,
                 int wanted);

// `grid`, or if there are fewer threads one that cuts sequences only.
Grid shrink(Grid grid, int threads);

// Ranks of part `part`: consecutive and thus of similar length, so that tiles stay full, with equal
// shares of all steps.
Range ranks_of_part(const Batch& batch, int part, int parts);

// Blocks of hidden units of part `part`.
Range blocks_of_part(LayerShape shape, const CellKernels& kernels, int part, int parts);

Range equal_share(Index n, int part, int parts);

}  // namespace skrnn
