// The table of kernels of one instruction set. Each unit in isa/ includes this file once.
#pragma once

#include "cells/gru.h"
#include "cells/gru_reset_before.h"
#include "cells/lstm.h"
#include "cells/lstm_peephole.h"
#include "cells/rnn.h"
#include "optimizers/adam.h"
#include "optimizers/adamw.h"
#include "optimizers/rmsprop.h"
#include "optimizers/sgd.h"
#include "simd/backward.h"
#include "simd/chain.h"
#include "simd/forward.h"
#include "simd/matrix.h"
#include "simd/parallel_steps.h"
#include "simd/softmax.h"
#include "simd/step.h"
#include "simd/weight_gradient.h"

namespace skrnn::SKRNN_ISA {

template <class Cell>
constexpr CellKernels cell_kernels() {
  static_assert(kNumStates<Cell> <= kMostStates, "raise kMostStates");
  return {Cell::kName,
          Cell::kParameters,
          kNumParameters<Cell>,
          Cell::kStates,
          kNumStates<Cell>,
          Cell::kGates,
          Cell::kStages,
          kLanes,
          forward_size<Cell>,
          backward_size<Cell>,
          saved_gates<Cell>,
          pack_forward<Cell>,
          pack_backward<Cell>,
          unpack_gradient<Cell>,
          forward_scratch<Cell>,
          forward<Cell>,
          step_scratch<Cell>,
          step<Cell>,
          padded_size,
          dgates_size<Cell>,
          hidden_columns<Cell>,
          gradient_panels<Cell>,
          backward_scratch<Cell>,
          transpose_operands<Cell>,
          backward_steps<Cell>,
          input_gradient<Cell>,
          weight_gradient<Cell>,
          parallel_kernels<Cell>()};
}

// Every cell, in the order in which users see them.
constexpr CellKernels kCells[] = {
    cell_kernels<Rnn<TanhFunction>>(),
    cell_kernels<Rnn<ReluFunction>>(),
    cell_kernels<Lstm>(),
    cell_kernels<LstmPeephole>(),
    cell_kernels<Gru>(),
    cell_kernels<GruResetBefore>(),
};

// Every optimiser, in the order in which users see them.
constexpr OptimizerKernel kOptimizers[] = {
    optimizer_kernel<Adam>(),
    optimizer_kernel<AdamW>(),
    optimizer_kernel<Sgd>(),
    optimizer_kernel<RmsProp>(),
};

template <Packet (*kFunction)(Packet)>
void apply(const float* x, float* y, Index n) {
  for (Index i = 0; i < n; i += kLanes) {
    const int lanes = static_cast<int>(n - i < kLanes ? n - i : kLanes);
    store(y + i, kFunction(load(x + i, lanes)), lanes);
  }
}

constexpr KernelTable make_table(const char* isa) {
  return {isa,
          kLanes,
          kCells,
          sizeof(kCells) / sizeof(kCells[0]),
          kOptimizers,
          sizeof(kOptimizers) / sizeof(kOptimizers[0]),
          {matrix_size, pack_matrix, matrix_scratch, multiply_matrix, matrix_panels,
           unpacked_scratch, multiply_unpacked, transpose_floats, sum_of_squares},
          softmax_terms,
          {chain_terms, chain_forward, chain_backward, chain_pairs},
          apply<sigmoid<Packet>>,
          apply<tanh<Packet>>};
}

}  // namespace skrnn::SKRNN_ISA
