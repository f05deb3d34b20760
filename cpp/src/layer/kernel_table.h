// The border between the ISA-blind library and a unit built for one instruction set: plain structs,
// raw pointers and function pointers, so that no code of one side can be linked into the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "skrnn/cell.h"

namespace skrnn {

using Index = std::int64_t;

// Work is handed out in ranges, so that any number of threads gives the same bits.
struct Range {
  Index begin;
  Index end;
};

// skrnn::Batch as raw pointers; see batch.h for what i, b, s and t count.
struct BatchView {
  bool reverse;
  const Index* order;          // [B] i -> b
  const Index* row_order;      // [B] i -> row within a step
  const Index* lengths;        // [B] by rank i, descending
  const Index* time_offset;    // [T] t -> first row of that step
  const Index* packed_offset;  // [T + 1] s -> first packed row of that step
};

// Hidden units are cut between threads at multiples of this many blocks (of one packet's lanes).
constexpr Index kCutBlocks = 4;

// The share of one thread: a range of sequences, and a range of their hidden units. If several
// threads share the sequences, each calls `wait(barrier)` after its units of a step, which returns
// when all of them have done so; null if the thread has all units.
struct Part {
  Range ranks;
  Range blocks;
  void (*wait)(void* barrier);
  void* barrier;
};

struct LayerShape {
  Index input_size;   // I
  Index hidden_size;  // H
};

// Arrays of states below are in the order of CellKernels::states, of which the first is h.

struct ForwardArgs {
  LayerShape shape;
  BatchView batch;
  const float* packed;               // forward weights, packed
  const float* x;                    // [rows, I]
  const float* state0[kMostStates];  // [B, H] each, or null for zeros
  float* y;                          // [rows, H]
  float* state_n[kMostStates];       // [B, H] each
  float* saved_gates;                // [sum of lengths, saved_gates(H)], or null when not training
  float* saved_states[kMostStates];  // [sum of lengths, H] each but h, which is y; or null
  float* operands;  // [B, H] by rank i, between two stages; cells with two stages only

  // If not null, h is multiplied by this mask before the product with the recurrent weights (and
  // nowhere else); the masked h of even and odd steps alternate between the halves of `masked`.
  const float* recurrent_mask;  // [B, H] by rank i, or null
  float* masked;                // [2, B, H] by rank i, or null
  Index batch_size;             // B
};

// One step of B sequences. The new h must not overlap x or any state; each other state may be
// written in place.
struct StepArgs {
  LayerShape shape;
  const float* packed;
  Index batch;
  const float* x;             // [B, I]
  const float* const* state;  // [states][B, H]; null, of a state or of all, for zeros
  float* const* out;          // [states][B, H]
  bool descending;            // read the weights from last to first, see layer.h
};

// The backward pass goes through time in chunks of steps [step_begin, step_end), last chunk first.
// For each chunk, `transpose_operands` fills the two transposed operands and `backward_steps` fills
// `dgates`; then `input_gradient` and `weight_gradient` read them.
struct BackwardArgs {
  LayerShape shape;
  BatchView batch;
  const float* packed;                     // forward weights, packed: for the cell's vectors
  const float* packed_back;                // backward weights, packed
  const float* x;                          // [rows, I]
  const float* state0[kMostStates];        // [B, H] each, or null for zeros
  const float* y;                          // [rows, H]
  const float* saved_gates;                // [sum of lengths, saved_gates(H)]
  const float* saved_states[kMostStates];  // [sum of lengths, H] each but h
  const float* dy;                         // [rows, H], or null for zeros
  const float* recurrent_mask;             // [B, H] by rank i, or null; as in the forward pass
  // [B, padded_size(H)] each, by rank i: dL/d(state) flowing from step s + 1 to step s.
  float* dstate[kMostStates];
  float* dx;        // [rows, I], or null
  float* dh_steps;  // [sum of lengths, H] by packed row: dL/dh after each step, or null

  Index step_begin;
  Index step_end;
  Index chunk_rows;  // packed rows in this chunk
  Index capacity;    // packed rows the buffers below have room for
  float* dgates;     // [panel][capacity][block of the panel][sum][lane] for each stage, then
                     // [block][capacity][vector][lane] of the cell's vectors
  float* inputs;     // [I][column stride]: x of the chunk, transposed
  float* hidden;     // [stages * H][column stride]: the recurrent operands, transposed
  Index column_stride;
  float* gradient;  // packed like the forward weights; sums over chunks
};

// A matrix to be packed: entry k of column c is matrix[c * column_stride + k * inner_stride]. One
// of the strides is 1.
struct PackArgs {
  Index columns;
  Index inner;
  const float* matrix;
  Index column_stride;
  Index inner_stride;
  const float* bias;  // [columns], or null for zeros
};

// y[r][c] = bias[c] + sum over k of x[r][k] * (entry k of column c). With `adds`, the product is
// added to y.
struct MatrixArgs {
  Index columns;
  Index inner;
  const float* packed;
  const float* x;
  Index x_stride;
  float* y;
  Index y_stride;
  bool adds;
};

// The same product with a matrix that changes from one product to the next: each panel is packed
// when it is read, so that its packed form never leaves the caches.
struct UnpackedArgs {
  PackArgs matrix;
  const float* x;
  Index x_stride;
  float* y;
  Index y_stride;
};

struct MatrixKernels {
  Index (*size)(Index columns, Index inner);  // floats, packed
  void (*pack)(const PackArgs&, float* packed);
  std::size_t (*scratch)(Index inner);  // bytes
  void (*multiply)(const MatrixArgs&, Range rows, void* scratch);
  Index (*panels)(Index columns);
  std::size_t (*unpacked_scratch)(Index inner, Index panels, Index rows);  // bytes
  void (*multiply_unpacked)(const UnpackedArgs&, Range panels, Range rows, void* scratch);
  // to[c * to_stride + r] = from[r * from_stride + c]
  void (*transpose)(const float* from, Index from_stride, Index rows, Index columns, float* to,
                    Index to_stride);
  double (*sum_of_squares)(const float* x, Index n);
};

// Labels of a block of chain_pairs: rows of its tile.
constexpr int kChainRows = 4;

// One step backward of some sequences of a linear-chain CRF, one row each; see simd/chain.h.
struct ChainBackwardArgs {
  Index rows;
  Index labels;               // K; rows of P floats are padded with zeros
  const float* floor;         // [P]
  const float* a;             // [rows, P] of this step, forward
  const float* forward_sums;  // [rows] the sums by which a was divided
  const float* weights;       // [rows]
  float* b;                   // [rows, P] in: what follows; out: with `floor`, not yet divided
  float* x;                   // [rows, P] in: terms of the emissions; out: times b / its sum
  float* next;                // [rows, P] or null: x of the step after; out: times weight / dot
  float* marginals;           // [rows, K] out: probabilities of labels, times weight
  float* sums;                // [rows] out: of b
  float* dots;                // [rows] out: of a and b
};

struct ChainKernels {
  void (*terms)(const float* scores, Index rows, Index K, float* x, float* largest);
  void (*forward)(Index rows, Index K, const float* floor, const float* x, float* a, float* sums);
  void (*backward)(const ChainBackwardArgs&);
  void (*pairs)(const float* a, const float* u, Index rows, Index K, Range blocks, float* pairs);
};

// The settings of one step of an optimiser.
struct OptimizerStep {
  float learning_rate;
  float decay;              // of these parameters
  float gradient_scale;     // 1, or less if the gradient's norm is clipped
  float first_correction;   // 1 / (1 - beta1^t)
  float second_correction;  // 1 / (1 - beta2^t)
};

struct OptimizerKernel {
  const char* name;
  int states;    // state values for each parameter, 1 or 2
  double beta1;  // of the bias corrections; 0: none
  double beta2;
  void (*step)(const OptimizerStep&, float* parameters, const float* gradient, float* first,
               float* second, Index n);
};

// Steps in parallel: M steps of each of B sequences, all from the same states of that sequence, so
// that row b * M + m reads input m and the states of b. The sums of a row are those of its input,
// with the biases, and those of its sequence's h; only their addition and the cell's equations are
// the row's own. Rows of sums are [panel][capacity][block of the panel][sum][lane].

// One of the two operands of these sums, for some rows.
struct OperandArgs {
  LayerShape shape;
  bool is_state;  // h before the steps, else x
  Index rows;
  Index capacity;            // rows that `sums` and `dsums` have room for
  const float* packed;       // forward weights
  const float* packed_back;  // backward weights
  const float* values;       // [rows, I or H]
  float* sums;
  float* dsums;
  float* dvalues;           // [rows, I or H]
  const float* transposed;  // [I or H][column_stride]: `values`
  Index column_stride;
  float* gradient;  // packed like the forward weights; sums over calls
};

struct ParallelArgs {
  LayerShape shape;
  const float* packed;  // forward weights: for the cell's vectors
  Index steps;          // M
  Range sequences;      // those to compute
  // Without `shared`, the first input is that of the first of these sequences, and each sequence
  // has M of its own. With it, all have the same M, and `sequences` are all there are.
  bool shared;
  const float* state0[kMostStates];  // [B, H] each
  const float* input_sums;
  Index input_capacity;
  const float* state_sums;
  Index state_capacity;
  float* y;  // [B * M, H]

  const float* dy;     // [B * M, H]
  float* dinput_sums;  // as input_sums; with `shared`, summed over sequences
  float* dstate_sums;  // as state_sums: summed over the steps
  float*
      dstate0[kMostStates];  // [B, H] each: the share that the equations pass on directly, if any
  float* gradient;           // packed like the forward weights: only that of the cell's vectors
};

struct ParallelKernels {
  Index (*size)(Index hidden_size);                // floats in a row of sums
  std::size_t (*scratch)(LayerShape, Index rows);  // bytes
  void (*sums)(const OperandArgs&, Range panels, void* scratch);
  void (*forward)(const ParallelArgs&, Range panels);
  // The equations once more, and their gradients: forward saves nothing.
  void (*backward)(const ParallelArgs&, Range panels);
  // dL/dx, or the share of dL/dh that flows through the weights, added to what the equations
  // passed.
  void (*operand_gradient)(const OperandArgs&, Range rows, void* scratch);
  void (*weight_gradient)(const OperandArgs&, Range panels, void* scratch);
};

struct CellKernels {
  const char* name;
  const ParameterInfo* parameters;
  int num_parameters;
  const StateInfo* states;
  int num_states;
  int gates;  // rows of the recurrent weights, divided by H
  int stages;
  int lanes;  // units of a block

  // Floats in packed forward weights, in packed backward weights, and saved for backward at a step.
  Index (*forward_size)(LayerShape);
  Index (*backward_size)(LayerShape);
  Index (*saved_gates)(Index hidden_size);
  // Arrays in the order of `parameters`; gradients that are not wanted are null.
  void (*pack_forward)(LayerShape, const float* const* parameters, float* packed);
  void (*pack_backward)(LayerShape, const float* const* parameters, float* packed);
  void (*unpack_gradient)(LayerShape, const float* packed, float* const* gradients);

  // All steps of a part's sequences. Scratch sizes are in bytes.
  std::size_t (*forward_scratch)(LayerShape, Index ranks);
  void (*forward)(const ForwardArgs&, const Part&, void* scratch);
  std::size_t (*step_scratch)(LayerShape);
  void (*step)(const StepArgs&, void* scratch);

  Index (*padded_size)(Index hidden_size);      // floats in a row of dstate
  Index (*dgates_size)(Index hidden_size);      // floats in a row of dgates
  Index (*hidden_columns)(Index hidden_size);   // rows of BackwardArgs::hidden
  Index (*gradient_panels)(Index hidden_size);  // units of work of weight_gradient
  std::size_t (*backward_scratch)(LayerShape, Index ranks, Index capacity);
  void (*transpose_operands)(const BackwardArgs&, Range rows, void* scratch);
  void (*backward_steps)(const BackwardArgs&, const Part&, void* scratch);
  void (*input_gradient)(const BackwardArgs&, Range rows, void* scratch);
  void (*weight_gradient)(const BackwardArgs&, Range panels, void* scratch);

  ParallelKernels parallel;  // nulls for a cell of two stages: its second operand depends on x
};

struct KernelTable {
  const char* isa;
  int lanes;
  const CellKernels* cells;
  int num_cells;
  const OptimizerKernel* optimizers;
  int num_optimizers;
  MatrixKernels matrix;
  // Returns the sum of exp(x[i] - *largest), where *largest is set to the largest of x [n]; the
  // terms go to `terms` [n], which may be x, or null.
  double (*softmax_terms)(const float* x, Index n, float* largest, float* terms);
  ChainKernels chain;
  void (*sigmoid)(const float* x, float* y, Index n);
  void (*tanh)(const float* x, float* y, Index n);
};

}  // namespace skrnn
