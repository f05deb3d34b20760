// How the threads of a call share a layer's work. Results never depend on it.
#pragma once

#include "layer/kernel_table.h"
#include "skrnn/batch.h"

namespace skrnn {

// Threads in a grid: sequences are cut in `ranks` parts, and the hidden units of each part in
// `units`. Threads that share sequences wait for one another at every step; the others
// never wait.
struct Grid {
  int ranks;
  int units;

  int threads() const { return ranks * units; }
};

// What a call does at each step, and between steps.
struct Work {
  int passes;      // times that each weight is multiplied
  Index barriers;  // times that all threads wait for one another, over the whole call
};

// The fastest grid of at most `wanted` threads (<= 0: as many as the caller may use).
Grid choose_grid(const Batch& batch, LayerShape shape, const CellKernels& kernels, Work work,
                 int wanted);

// As much of `grid` as `threads` threads can fill.
Grid shrink(Grid grid, int threads);

// Ranks of part `part`: neighbours in length, so that tiles stay full, with equal shares of all
// steps.
Range ranks_of_part(const Batch& batch, int part, int parts);

// Blocks of hidden units of part `part`.
Range blocks_of_part(LayerShape shape, const CellKernels& kernels, int part, int parts);

Range equal_share(Index n, int part, int parts);

}  // namespace skrnn
