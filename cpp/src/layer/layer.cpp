#include "skrnn/layer.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>

#include "base/buffer.h"
#include "base/choice.h"
#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/dispatch.h"
#include "layer/grid.h"
#include "skrnn/threads.h"

namespace skrnn {
namespace {

CellInfo info_of(const CellKernels& kernels) {
  return {kernels.name, kernels.gates, kernels.states};
}

const CellKernels& find_cell(const KernelTable& table, const std::string& name) {
  return choose(table.cells, table.cells + table.num_cells, name, "cell");
}

BatchView view_of(const Batch& batch) {
  return {batch.reverse(),        batch.order().data(),       batch.row_order().data(),
          batch.lengths().data(), batch.time_offset().data(), batch.packed_offset().data()};
}

// Zeroes the rows of a padded matrix that belong to no sequence.
void clear_padding(const Batch& batch, std::int64_t columns, float* matrix) {
  if (!batch.has_padding()) return;
  const std::int64_t size = batch.size();
  for (std::int64_t i = 0; i < size; ++i) {
    for (std::int64_t t = batch.length(i); t < batch.steps(); ++t) {
      std::fill_n(matrix + (t * size + batch.sequence(i)) * columns, columns, 0.0f);
    }
  }
}

// Calls body(team, part) on each thread of `grid`, or of what OpenMP grants of it.
template <class Body>
void run_parts(const Batch& batch, LayerShape shape, const CellKernels& kernels, Grid wanted,
               const Body& body) {
  const auto barriers = std::make_unique<Barrier[]>(wanted.ranks);
  run_parallel(wanted.threads(), [&](const Team& team) {
    const FlushSubnormals guard;
    const Grid grid = shrink(wanted, team.threads);
    const int ranks = team.thread / grid.units, units = team.thread % grid.units;
    BarrierWait barrier_wait{&barriers[ranks], grid.units};
    Part part{};
    part.ranks = ranks_of_part(batch, ranks, grid.ranks);
    part.blocks = blocks_of_part(shape, kernels, units, grid.units);
    if (grid.units > 1) {
      part.wait = BarrierWait::wait;
      part.barrier = &barrier_wait;
    }
    body(team, part);
  });
}

}  // namespace

std::vector<CellInfo> cells() {
  const KernelTable& table = active_kernels();
  std::vector<CellInfo> infos;
  for (int i = 0; i < table.num_cells; ++i) infos.push_back(info_of(table.cells[i]));
  return infos;
}

struct Cache::Impl {
  Buffer<float> gates;  // [sum of lengths, saved_gates(H)]
  Buffer<float> c;      // [sum of lengths, H]; cells with two states only
  std::int64_t floats = 0;
};

Cache::Cache() : impl_(std::make_unique<Impl>()) {}
Cache::~Cache() = default;
Cache::Cache(Cache&&) noexcept = default;
Cache& Cache::operator=(Cache&&) noexcept = default;
std::int64_t Cache::nbytes() const {
  return impl_->floats * static_cast<std::int64_t>(sizeof(float));
}

struct Layer::Impl {
  const KernelTable* table;
  const CellKernels* kernels;
  CellInfo info;
  std::string isa;
  LayerShape shape;
  std::size_t step_scratch;  // bytes
  Buffer<float> packed;

  // Only training wants these, so they are packed when it first asks. Until then the weights wait
  // in the forward packing.
  mutable std::mutex back_mutex;
  mutable std::atomic<bool> has_back{false};
  mutable Buffer<float> packed_back;

  // Alternates the direction in which step reads the weights. Only speed depends on it, so threads
  // that race for it do no harm.
  mutable std::atomic<bool> steps_are_odd{false};

  const float* backward_weights() const;
};

const float* Layer::Impl::backward_weights() const {
  if (!has_back.load(std::memory_order_acquire)) {
    const std::lock_guard<std::mutex> lock(back_mutex);
    if (!has_back.load(std::memory_order_relaxed)) {
      const std::int64_t rows = kernels->gates * shape.hidden_size;
      const Buffer<float> ih = make_buffer<float>(rows * shape.input_size);
      const Buffer<float> hh = make_buffer<float>(rows * shape.hidden_size);
      kernels->unpack_gradient(shape, packed.get(), {ih.get(), hh.get(), nullptr, nullptr});
      packed_back = make_buffer<float>(kernels->backward_size(shape),
                                       "the packed weights of a layer for backward");
      kernels->pack_backward(shape, {ih.get(), hh.get(), nullptr, nullptr}, packed_back.get());
      has_back.store(true, std::memory_order_release);
    }
  }
  return packed_back.get();
}

Layer::Layer(const std::string& cell, std::int64_t input_size, std::int64_t hidden_size,
             const Weights& weights)
    : impl_(std::make_unique<Impl>()) {
  if (input_size < 1) throw std::invalid_argument("input_size must be at least 1");
  if (hidden_size < 1) throw std::invalid_argument("hidden_size must be at least 1");
  impl_->table = &active_kernels();
  impl_->kernels = &find_cell(*impl_->table, cell);
  impl_->info = info_of(*impl_->kernels);
  impl_->isa = impl_->table->isa;
  impl_->shape = {input_size, hidden_size};
  impl_->step_scratch = impl_->kernels->step_scratch(impl_->shape);
  impl_->packed = make_buffer<float>(impl_->kernels->forward_size(impl_->shape),
                                     "the packed weights of a layer");
  impl_->kernels->pack_forward(
      impl_->shape, {weights.weight_ih, weights.weight_hh, weights.bias_ih, weights.bias_hh},
      impl_->packed.get());
}

void Layer::load(const Weights& weights, bool trains) {
  const WeightPointers pointers{weights.weight_ih, weights.weight_hh, weights.bias_ih,
                                weights.bias_hh};
  impl_->kernels->pack_forward(impl_->shape, pointers, impl_->packed.get());
  impl_->has_back.store(trains, std::memory_order_release);
  if (!trains) return;
  if (!impl_->packed_back) {
    impl_->packed_back = make_buffer<float>(impl_->kernels->backward_size(impl_->shape),
                                            "the packed weights of a layer for backward");
  }
  impl_->kernels->pack_backward(impl_->shape, pointers, impl_->packed_back.get());
}

Layer::~Layer() = default;
Layer::Layer(Layer&&) noexcept = default;
Layer& Layer::operator=(Layer&&) noexcept = default;

const CellInfo& Layer::cell() const { return impl_->info; }
std::int64_t Layer::input_size() const { return impl_->shape.input_size; }
std::int64_t Layer::hidden_size() const { return impl_->shape.hidden_size; }
const std::string& Layer::isa() const { return impl_->isa; }

void Layer::forward(const Batch& batch, const float* x, State state0, float* y,
                    MutableState state_n, Cache* cache, int threads,
                    const float* recurrent_mask) const {
  const CellKernels& kernels = *impl_->kernels;
  const LayerShape shape = impl_->shape;
  const std::int64_t H = shape.hidden_size;
  const bool has_c = kernels.states == 2;

  ForwardArgs args{};
  args.shape = shape;
  args.batch = view_of(batch);
  args.packed = impl_->packed.get();
  args.x = x;
  args.h0 = state0.h;
  args.c0 = has_c ? state0.c : nullptr;
  args.y = y;

  // States nobody wants still need a place.
  Buffer<float> h_n, c_n;
  if (state_n.h == nullptr) h_n = make_buffer<float>(batch.size() * H);
  if (has_c && state_n.c == nullptr) c_n = make_buffer<float>(batch.size() * H);
  args.h_n = h_n ? h_n.get() : state_n.h;
  args.c_n = c_n ? c_n.get() : state_n.c;

  if (cache != nullptr) {
    constexpr const char* kCacheName = "what backward needs of all steps and units";
    const std::int64_t gates = batch.total_steps() * kernels.saved_gates(H);
    const std::int64_t c = has_c ? batch.total_steps() * H : 0;
    cache->impl_->gates = make_buffer<float>(gates, kCacheName);
    cache->impl_->c = make_buffer<float>(c, kCacheName);
    cache->impl_->floats = gates + c;
    if (gates > 0) args.saved_gates = cache->impl_->gates.get();
    if (has_c) args.saved_c = cache->impl_->c.get();
  }

  Buffer<float> operands;
  if (kernels.stages == 2) operands = make_buffer<float>(batch.size() * H);
  args.operands = operands.get();
  Buffer<float> masked;
  if (recurrent_mask != nullptr) masked = make_buffer<float>(2 * batch.size() * H);
  args.recurrent_mask = recurrent_mask;
  args.masked = masked.get();
  args.batch_size = batch.size();

  const Grid grid = choose_grid(batch, shape, kernels, {1, 0}, threads);
  const std::size_t scratch = kernels.forward_scratch(shape, batch.size());
  const Buffer<char> memory =
      make_buffer<char>(static_cast<std::int64_t>(scratch) * grid.threads());
  run_parts(batch, shape, kernels, grid, [&](const Team& team, const Part& part) {
    if (part.ranks.begin < part.ranks.end) {
      kernels.forward(args, part, memory.get() + scratch * static_cast<std::size_t>(team.thread));
    }
  });
  clear_padding(batch, H, y);
}

void Layer::backward(const Batch& batch, const float* x, State state0, const float* y,
                     const Cache& cache, const float* dy, State dstate_n, float* dx,
                     MutableState dstate0, const WeightGradients& gradients, int threads,
                     const float* recurrent_mask, float* dh_steps) const {
  const CellKernels& kernels = *impl_->kernels;
  const LayerShape shape = impl_->shape;
  const std::int64_t H = shape.hidden_size, size = batch.size();
  const std::int64_t padded = kernels.padded_size(H);
  const bool has_c = kernels.states == 2;

  // Steps are handled in chunks of about this many rows: enough for the weight gradients to be
  // large products, few enough for a chunk's gate gradients to stay in cache.
  constexpr std::int64_t kChunkRows = 256;
  const std::int64_t capacity =
      std::min(std::max(kChunkRows, batch.steps() > 0 ? batch.active(0) : 0), batch.total_steps());
  const std::int64_t chunks = capacity > 0 ? (batch.total_steps() + capacity - 1) / capacity : 0;
  const Grid grid = choose_grid(batch, shape, kernels, {2, 2 * chunks}, threads);

  // An odd number of cache lines from column to column spreads them over the sets of a cache.
  const std::int64_t column_stride = (capacity + 31) / 32 * 32 + 16;

  const std::int64_t dgates = kernels.dgates_size(H) * capacity;
  const std::int64_t inputs = shape.input_size * column_stride;
  const std::int64_t hidden = kernels.hidden_columns(H) * column_stride;
  const Buffer<float> dgates_memory = make_buffer<float>(dgates);
  const Buffer<float> inputs_memory = make_buffer<float>(inputs);
  const Buffer<float> hidden_memory = make_buffer<float>(hidden);
  const Buffer<float> gradient = make_buffer<float>(kernels.forward_size(shape));
  const Buffer<float> dh = make_buffer<float>(size * padded);
  const Buffer<float> dc = make_buffer<float>(has_c ? size * padded : 0);
  std::fill_n(gradient.get(), kernels.forward_size(shape), 0.0f);

  const auto load_state = [&](const float* from, float* to) {
    std::fill_n(to, size * padded, 0.0f);
    for (std::int64_t i = 0; from != nullptr && i < size; ++i) {
      std::copy_n(from + batch.sequence(i) * H, H, to + i * padded);
    }
  };
  const auto store_state = [&](const float* from, float* to) {
    for (std::int64_t i = 0; to != nullptr && i < size; ++i) {
      std::copy_n(from + i * padded, H, to + batch.sequence(i) * H);
    }
  };
  load_state(dstate_n.h, dh.get());
  if (has_c) load_state(dstate_n.c, dc.get());

  BackwardArgs args{};
  args.shape = shape;
  args.batch = view_of(batch);
  args.packed_back = impl_->backward_weights();
  args.x = x;
  args.h0 = state0.h;
  args.c0 = has_c ? state0.c : nullptr;
  args.y = y;
  args.saved_gates = cache.impl_->gates.get();
  args.saved_c = cache.impl_->c.get();
  args.dy = dy;
  args.recurrent_mask = recurrent_mask;
  args.dh = dh.get();
  args.dc = dc.get();
  args.dx = dx;
  args.dh_steps = dh_steps;
  args.capacity = capacity;
  args.dgates = dgates_memory.get();
  args.inputs = inputs_memory.get();
  args.hidden = hidden_memory.get();
  args.column_stride = column_stride;
  args.gradient = gradient.get();

  const std::size_t scratch = kernels.backward_scratch(shape, size, capacity);
  const Buffer<char> memory =
      make_buffer<char>(static_cast<std::int64_t>(scratch) * grid.threads());
  Barrier barrier;
  run_parts(batch, shape, kernels, grid, [&](const Team& team, const Part& part) {
    void* own = memory.get() + scratch * static_cast<std::size_t>(team.thread);
    const Range panels = equal_share(kernels.gradient_panels(H), team.thread, team.threads);
    BackwardArgs chunk = args;
    for (std::int64_t end = batch.steps(); end > 0; end = chunk.step_begin) {
      chunk.step_end = end;
      chunk.step_begin = end - 1;
      chunk.chunk_rows = batch.active(end - 1);
      while (chunk.step_begin > 0 &&
             chunk.chunk_rows + batch.active(chunk.step_begin - 1) <= capacity) {
        chunk.chunk_rows += batch.active(--chunk.step_begin);
      }
      // Whole cache lines of columns, so that threads do not write to the same ones.
      constexpr std::int64_t kLine = 16;
      const Range lines =
          equal_share((chunk.chunk_rows + kLine - 1) / kLine, team.thread, team.threads);
      const Range columns = {lines.begin * kLine, std::min(lines.end * kLine, chunk.chunk_rows)};
      if (columns.begin < columns.end) kernels.transpose_operands(chunk, columns, own);
      if (part.ranks.begin < part.ranks.end) kernels.backward_steps(chunk, part, own);
      barrier.wait(team.threads);
      if (dx != nullptr) {
        const Range rows = equal_share(chunk.chunk_rows, team.thread, team.threads);
        if (rows.begin < rows.end) kernels.input_gradient(chunk, rows, own);
      }
      if (panels.begin < panels.end) kernels.weight_gradient(chunk, panels, own);
      barrier.wait(team.threads);
    }
  });

  kernels.unpack_gradient(
      shape, gradient.get(),
      {gradients.weight_ih, gradients.weight_hh, gradients.bias_ih, gradients.bias_hh});
  store_state(dh.get(), dstate0.h);
  if (has_c) store_state(dc.get(), dstate0.c);
  if (dx != nullptr) clear_padding(batch, shape.input_size, dx);
}

void Layer::step(std::int64_t batch, const float* x, State state, MutableState out) const {
  const std::int64_t I = impl_->shape.input_size, H = impl_->shape.hidden_size;
  // In place, every new h needs all of the old one of its sequence: the old ones of a few sequences
  // at a time step aside.
  constexpr std::int64_t kAside = 48;
  const bool in_place = out.h == state.h;
  const std::int64_t at_once = in_place ? std::min(batch, kAside) : batch;

  // One block a thread, which grows to the largest layer it has met: a step allocates no more once
  // a thread has made one.
  thread_local Buffer<char> memory;
  thread_local std::size_t capacity = 0;
  const std::size_t scratch = impl_->step_scratch;
  const std::size_t needed =
      scratch + (in_place ? static_cast<std::size_t>(at_once * H) * sizeof(float) : 0);
  if (needed > capacity) {
    memory = make_buffer<char>(static_cast<std::int64_t>(needed));
    capacity = needed;
  }

  const bool backwards = impl_->steps_are_odd.load(std::memory_order_relaxed);
  impl_->steps_are_odd.store(!backwards, std::memory_order_relaxed);
  const FlushSubnormals guard;
  const auto rows = [H](auto* states, std::int64_t b) {
    return states == nullptr ? nullptr : states + b * H;
  };
  for (std::int64_t b = 0; b < batch; b += at_once) {
    const std::int64_t count = std::min(at_once, batch - b);
    State from{rows(state.h, b), rows(state.c, b)};
    if (in_place) {
      float* aside = reinterpret_cast<float*>(memory.get() + scratch);
      std::copy_n(from.h, count * H, aside);
      from.h = aside;
    }
    step(count, x + b * I, from, {rows(out.h, b), rows(out.c, b)}, memory.get(), backwards);
  }
}

std::size_t Layer::step_memory() const noexcept { return impl_->step_scratch; }

void Layer::step(std::int64_t batch, const float* x, State state, MutableState out, void* memory,
                 bool backwards) const noexcept {
  StepArgs args{};
  args.shape = impl_->shape;
  args.packed = impl_->packed.get();
  args.batch = batch;
  args.x = x;
  args.h = state.h;
  args.c = state.c;
  args.h_out = out.h;
  args.c_out = out.c;
  args.backwards = backwards;
  impl_->kernels->step(args, memory);
}

}  // namespace skrnn
