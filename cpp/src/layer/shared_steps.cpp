#include "layer/shared_steps.h"

#include <algorithm>

#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/grid.h"
#include "layer/layer_impl.h"

namespace skrnn {
namespace {

// An odd number of cache lines from one column to the next spreads them over the sets of a cache.
Index stride_of(Index rows) { return (rows + 31) / 32 * 32 + 16; }

}  // namespace

std::unique_ptr<ParallelSteps> SharedSteps::make(const Layer& layer, bool trains) {
  if (layer.impl_->kernels->parallel.forward == nullptr) return nullptr;
  return std::unique_ptr<ParallelSteps>(new SharedSteps(layer, trains));
}

Index SharedSteps::chunk_sequences() const {
  constexpr Index kChunkRows = 256;
  if (inputs_.shared) return inputs_.sequences;
  return std::min(inputs_.sequences, std::max<Index>(1, kChunkRows / inputs_.steps));
}

Index SharedSteps::chunk_rows() const {
  return inputs_.shared ? inputs_.steps : chunk_sequences() * inputs_.steps;
}

template <class F>
void SharedSteps::for_each_chunk(F&& f) const {
  const Index all = inputs_.sequences, each = chunk_sequences();
  const Index floats = chunk_rows() * layer_.kernels->parallel.size(layer_.shape.hidden_size);
  for (Index begin = 0, chunk = 0; begin < all; begin += each, ++chunk) {
    const Range sequences{begin, std::min(begin + each, all)};
    Range rows{sequences.begin * inputs_.steps, sequences.end * inputs_.steps};
    if (inputs_.shared) rows = {0, inputs_.steps};
    f(sequences, rows, chunk * floats);
  }
}

int SharedSteps::useful_threads(int wanted) const {
  constexpr Index kEquations = 90;  // multiply-adds that take as long as the equations of a unit
  constexpr Index kWorkPerThread = 500'000;
  const Index H = layer_.shape.hidden_size, I = layer_.shape.input_size;
  const Index products = inputs_.input_rows() * I + inputs_.sequences * H;
  const Index work = H * (layer_.kernels->gates * products + kEquations * inputs_.rows());
  return threads_worth(layer_.kernels->gradient_panels(H), work, kWorkPerThread, wanted);
}

OperandArgs SharedSteps::input_args(Range rows) const {
  OperandArgs args{};
  args.shape = layer_.shape;
  args.rows = rows.end - rows.begin;
  args.capacity = chunk_rows();
  args.packed = layer_.packed.get();
  args.values = inputs_.x + rows.begin * layer_.shape.input_size;
  return args;
}

OperandArgs SharedSteps::state_args() const {
  OperandArgs args{};
  args.shape = layer_.shape;
  args.is_state = true;
  args.rows = args.capacity = inputs_.sequences;
  args.packed = layer_.packed.get();
  args.values = states_[0];
  args.sums = state_sums_.get();
  return args;
}

ParallelArgs SharedSteps::row_args(Range sequences) const {
  ParallelArgs args{};
  args.shape = layer_.shape;
  args.packed = layer_.packed.get();
  args.steps = inputs_.steps;
  args.sequences = sequences;
  args.shared = inputs_.shared;
  std::copy(states_.begin(), states_.end(), args.state0);
  args.input_capacity = chunk_rows();
  args.state_sums = state_sums_.get();
  args.state_capacity = inputs_.sequences;
  args.y = y_.get();
  return args;
}

// Each thread takes some panels from the products to h, and never waits for another.
const float* SharedSteps::forward(const StepInputs& inputs, const float* const* states,
                                  int threads) {
  inputs_ = inputs;
  states_.assign(states, states + layer_.kernels->num_states);
  const ParallelKernels& kernels = layer_.kernels->parallel;
  const Index H = layer_.shape.hidden_size, panels = layer_.kernels->gradient_panels(H);
  const Index chunks = (inputs.sequences - 1) / chunk_sequences() + 1;
  float* input_sums = input_sums_.reserve((trains_ ? chunks : 1) * chunk_rows() * kernels.size(H));
  state_sums_.reserve(inputs.sequences * kernels.size(H));
  float* y = y_.reserve(inputs.rows() * H);

  threads = useful_threads(threads);
  const std::size_t size = kernels.scratch(layer_.shape, std::max(chunk_rows(), inputs.sequences));
  char* scratch = scratch_.reserve(static_cast<Index>(size) * threads);
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    const Range own = equal_share(panels, team.thread, team.threads);
    char* const mine = scratch + size * static_cast<std::size_t>(team.thread);
    if (own.begin == own.end) return;
    kernels.sums(state_args(), own, mine);
    for_each_chunk([&](Range sequences, Range rows, Index offset) {
      OperandArgs of_inputs = input_args(rows);
      ParallelArgs of_rows = row_args(sequences);
      of_inputs.sums = input_sums + (trains_ ? offset : 0);
      of_rows.input_sums = of_inputs.sums;
      kernels.sums(of_inputs, own, mine);
      kernels.forward(of_rows, own);
    });
  });
  return y;
}

void SharedSteps::backward(const float* dy, float* dx, float* const* dstates,
                           const LayerGradients& gradients, int threads) {
  const CellKernels& cell = *layer_.kernels;
  const ParallelKernels& kernels = cell.parallel;
  const auto& transpose = layer_.table->matrix.transpose;
  const Index I = layer_.shape.input_size, H = layer_.shape.hidden_size;
  const Index panels = cell.gradient_panels(H), B = inputs_.sequences;

  OperandArgs of_states = state_args();
  of_states.packed_back = layer_.backward_weights();
  of_states.dsums = dstate_sums_.reserve(B * kernels.size(H));
  of_states.dvalues = dstates[0];
  of_states.column_stride = stride_of(B);
  of_states.gradient = gradient_.reserve(cell.forward_size(layer_.shape));
  std::fill_n(of_states.gradient, cell.forward_size(layer_.shape), 0.0f);
  float* h_columns = h_columns_.reserve(H * of_states.column_stride);
  of_states.transposed = h_columns;
  float* dinput_sums = dinput_sums_.reserve(chunk_rows() * kernels.size(H));
  const Index stride = stride_of(chunk_rows());
  float* x_columns = x_columns_.reserve(I * stride);

  threads = useful_threads(threads);
  const std::size_t size = kernels.scratch(layer_.shape, std::max(chunk_rows(), B));
  char* scratch = scratch_.reserve(static_cast<Index>(size) * threads);
  Barrier barrier;
  run_parallel(threads, [&](const Team& team) {
    const FlushSubnormals guard;
    const auto share = [&](Index n) { return equal_share(n, team.thread, team.threads); };
    const Range own = share(panels);
    char* const mine = scratch + size * static_cast<std::size_t>(team.thread);
    // This thread's share of the columns of a matrix [rows, columns], as rows.
    const auto transposed = [&](const float* from, Index rows, Index columns, float* to,
                                Index to_stride) {
      const Range range = share(columns);
      transpose(from + range.begin, columns, rows, range.end - range.begin,
                to + range.begin * to_stride, to_stride);
    };
    const auto products = [&](const OperandArgs& args) {
      const Range rows = share(args.rows);
      if (rows.begin < rows.end) kernels.operand_gradient(args, rows, mine);
      if (own.begin < own.end) kernels.weight_gradient(args, own, mine);
    };

    // Sums over sequences and steps are those of one thread, in one order: that of its panels.
    transposed(of_states.values, B, H, h_columns, of_states.column_stride);
    for_each_chunk([&](Range sequences, Range rows, Index offset) {
      OperandArgs of_inputs = input_args(rows);
      of_inputs.packed_back = of_states.packed_back;
      of_inputs.gradient = of_states.gradient;
      of_inputs.dsums = dinput_sums;
      of_inputs.dvalues = dx + rows.begin * I;
      of_inputs.transposed = x_columns;
      of_inputs.column_stride = stride;
      ParallelArgs of_rows = row_args(sequences);
      of_rows.input_sums = input_sums_.get() + offset;
      of_rows.dy = dy;
      of_rows.dinput_sums = dinput_sums;
      of_rows.dstate_sums = of_states.dsums;
      std::copy_n(dstates, cell.num_states, of_rows.dstate0);
      of_rows.gradient = of_states.gradient;

      transposed(of_inputs.values, of_inputs.rows, I, x_columns, stride);
      if (own.begin < own.end) kernels.backward(of_rows, own);
      barrier.wait(team.threads);
      products(of_inputs);
      barrier.wait(team.threads);
    });
    products(of_states);
  });
  cell.unpack_gradient(layer_.shape, gradient_.get(), gradients.data());
}

}  // namespace skrnn
