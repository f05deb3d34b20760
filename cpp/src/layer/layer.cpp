#include "skrnn/layer.h"

#include <algorithm>
#include <stdexcept>

#include "base/buffer.h"
#include "base/floating_point.h"
#include "base/parallel.h"
#include "layer/cells.h"
#include "layer/dispatch.h"
#include "layer/grid.h"
#include "layer/layer_impl.h"
#include "skrnn/threads.h"

namespace skrnn {
namespace {

BatchView view_of(const Batch& batch) {
  return {batch.reverse(),        batch.order().data(),       batch.row_order().data(),
          batch.lengths().data(), batch.time_offset().data(), batch.packed_offset().data()};
}

// The parameters as an array of pointers, after a check of their number.
const float* const* checked(const CellInfo& cell, const LayerParameters& parameters) {
  if (parameters.size() != cell.parameters.size()) {
    throw std::invalid_argument("parameters: cell '" + cell.name + "' has " +
                                std::to_string(cell.parameters.size()) + ", got " +
                                std::to_string(parameters.size()));
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i] == nullptr && !cell.parameters[i].optional) {
      throw std::invalid_argument(std::string("parameters: ") + cell.parameters[i].name +
                                  " may not be null");
    }
  }
  return parameters.data();
}

// Copies the pointers of a list of states, or nulls if there is no list.
template <class From, class To>
void take_states(const CellKernels& kernels, From* const* from, To** to) {
  for (int k = 0; k < kernels.num_states; ++k) to[k] = from == nullptr ? nullptr : from[k];
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

// Calls body(team, part) on each thread of `wanted`, or of as many as OpenMP starts.
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

struct Cache::Impl {
  Buffer<float> gates;                // [sum of lengths, saved_gates(H)]
  Buffer<float> states[kMostStates];  // [sum of lengths, H] each but h, which is y
  std::int64_t floats = 0;
};

Cache::Cache() : impl_(std::make_unique<Impl>()) {}
Cache::~Cache() = default;
Cache::Cache(Cache&&) noexcept = default;
Cache& Cache::operator=(Cache&&) noexcept = default;
std::int64_t Cache::nbytes() const {
  return impl_->floats * static_cast<std::int64_t>(sizeof(float));
}

const float* Layer::Impl::backward_weights() const {
  if (!has_back.load(std::memory_order_acquire)) {
    const std::lock_guard<std::mutex> lock(back_mutex);
    if (!has_back.load(std::memory_order_relaxed)) {
      std::vector<Buffer<float>> unpacked;
      LayerGradients to;
      for (const ParameterInfo& parameter : info.parameters) {
        unpacked.push_back(make_buffer<float>(parameter.size(shape.input_size, shape.hidden_size)));
        to.push_back(unpacked.back().get());
      }
      kernels->unpack_gradient(shape, packed.get(), to.data());
      packed_back = make_buffer<float>(kernels->backward_size(shape),
                                       "the packed weights of a layer for backward");
      kernels->pack_backward(shape, to.data(), packed_back.get());
      has_back.store(true, std::memory_order_release);
    }
  }
  return packed_back.get();
}

Layer::Layer(const std::string& cell, std::int64_t input_size, std::int64_t hidden_size,
             const LayerParameters& parameters)
    : impl_(std::make_unique<Impl>()) {
  if (input_size < 1)
    throw std::invalid_argument("input_size must be at least 1, got " + std::to_string(input_size));
  if (hidden_size < 1)
    throw std::invalid_argument("hidden_size must be at least 1, got " +
                                std::to_string(hidden_size));
  impl_->table = &active_kernels();
  impl_->kernels = &find_cell(*impl_->table, cell);
  impl_->info = cell_info(cell);
  impl_->isa = impl_->table->isa;
  impl_->shape = {input_size, hidden_size};
  impl_->step_scratch = impl_->kernels->step_scratch(impl_->shape);
  const float* const* pointers = checked(impl_->info, parameters);
  impl_->packed = make_buffer<float>(impl_->kernels->forward_size(impl_->shape),
                                     "the packed weights of a layer");
  impl_->kernels->pack_forward(impl_->shape, pointers, impl_->packed.get());
}

void Layer::load(const LayerParameters& parameters, bool trains) {
  const float* const* pointers = checked(impl_->info, parameters);
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

void Layer::forward(const Batch& batch, const float* x, const float* const* state0, float* y,
                    float* const* state_n, Cache* cache, int threads,
                    const float* recurrent_mask) const {
  const CellKernels& kernels = *impl_->kernels;
  const LayerShape shape = impl_->shape;
  const std::int64_t H = shape.hidden_size;

  ForwardArgs args{};
  args.shape = shape;
  args.batch = view_of(batch);
  args.packed = impl_->packed.get();
  args.x = x;
  args.y = y;
  take_states(kernels, state0, args.state0);
  take_states(kernels, state_n, args.state_n);

  // The kernels write all states: those that are not wanted go to a buffer.
  Buffer<float> unwanted[kMostStates];
  for (int k = 0; k < kernels.num_states; ++k) {
    if (args.state_n[k] != nullptr) continue;
    unwanted[k] = make_buffer<float>(batch.size() * H);
    args.state_n[k] = unwanted[k].get();
  }

  if (cache != nullptr) {
    constexpr const char* kCacheName = "what backward needs of all steps and units";
    const std::int64_t gates = batch.total_steps() * kernels.saved_gates(H);
    cache->impl_->gates = make_buffer<float>(gates, kCacheName);
    cache->impl_->floats = gates;
    if (gates > 0) args.saved_gates = cache->impl_->gates.get();
    for (int k = 1; k < kernels.num_states; ++k) {
      cache->impl_->states[k] = make_buffer<float>(batch.total_steps() * H, kCacheName);
      cache->impl_->floats += batch.total_steps() * H;
      args.saved_states[k] = cache->impl_->states[k].get();
    }
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
  const Buffer<char> block = make_buffer<char>(static_cast<std::int64_t>(scratch) * grid.threads());
  run_parts(batch, shape, kernels, grid, [&](const Team& team, const Part& part) {
    if (part.ranks.begin < part.ranks.end) {
      kernels.forward(args, part, block.get() + scratch * static_cast<std::size_t>(team.thread));
    }
  });
  clear_padding(batch, H, y);
}

void Layer::backward(const Batch& batch, const float* x, const float* const* state0, const float* y,
                     const Cache& cache, const float* dy, const float* const* dstate_n, float* dx,
                     float* const* dstate0, const LayerGradients& gradients, int threads,
                     const float* recurrent_mask, float* dh_steps) const {
  const CellKernels& kernels = *impl_->kernels;
  const LayerShape shape = impl_->shape;
  const std::int64_t H = shape.hidden_size, size = batch.size();
  const std::int64_t padded = kernels.padded_size(H);

  // Steps are handled in chunks of about this many rows: enough for the weight gradients to be
  // large products, few enough for a chunk's gate gradients to stay in cache.
  constexpr std::int64_t kChunkRows = 256;
  const std::int64_t capacity =
      std::min(std::max(kChunkRows, batch.steps() > 0 ? batch.active(0) : 0), batch.total_steps());
  const std::int64_t chunks = capacity > 0 ? (batch.total_steps() + capacity - 1) / capacity : 0;
  const Grid grid = choose_grid(batch, shape, kernels, {2, 2 * chunks}, threads);

  // A stride of an odd number of cache lines spreads the columns over the sets of a cache.
  const std::int64_t column_stride = (capacity + 31) / 32 * 32 + 16;

  const std::int64_t dgates = kernels.dgates_size(H) * capacity;
  const std::int64_t inputs = shape.input_size * column_stride;
  const std::int64_t hidden = kernels.hidden_columns(H) * column_stride;
  const Buffer<float> dgates_buffer = make_buffer<float>(dgates);
  const Buffer<float> inputs_buffer = make_buffer<float>(inputs);
  const Buffer<float> hidden_buffer = make_buffer<float>(hidden);
  const Buffer<float> gradient = make_buffer<float>(kernels.forward_size(shape));
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

  BackwardArgs args{};
  Buffer<float> dstate[kMostStates];
  for (int k = 0; k < kernels.num_states; ++k) {
    dstate[k] = make_buffer<float>(size * padded);
    args.dstate[k] = dstate[k].get();
    load_state(dstate_n == nullptr ? nullptr : dstate_n[k], args.dstate[k]);
  }

  args.shape = shape;
  args.batch = view_of(batch);
  args.packed = impl_->packed.get();
  args.packed_back = impl_->backward_weights();
  args.x = x;
  take_states(kernels, state0, args.state0);
  args.y = y;
  args.saved_gates = cache.impl_->gates.get();
  for (int k = 1; k < kernels.num_states; ++k) {
    args.saved_states[k] = cache.impl_->states[k].get();
  }
  args.dy = dy;
  args.recurrent_mask = recurrent_mask;
  args.dx = dx;
  args.dh_steps = dh_steps;
  args.capacity = capacity;
  args.dgates = dgates_buffer.get();
  args.inputs = inputs_buffer.get();
  args.hidden = hidden_buffer.get();
  args.column_stride = column_stride;
  args.gradient = gradient.get();

  const std::size_t scratch = kernels.backward_scratch(shape, size, capacity);
  const Buffer<char> block = make_buffer<char>(static_cast<std::int64_t>(scratch) * grid.threads());
  Barrier barrier;
  run_parts(batch, shape, kernels, grid, [&](const Team& team, const Part& part) {
    void* own = block.get() + scratch * static_cast<std::size_t>(team.thread);
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

  if (!gradients.empty()) kernels.unpack_gradient(shape, gradient.get(), gradients.data());
  for (int k = 0; dstate0 != nullptr && k < kernels.num_states; ++k) {
    store_state(args.dstate[k], dstate0[k]);
  }
  if (dx != nullptr) clear_padding(batch, shape.input_size, dx);
}

void Layer::step(std::int64_t batch, const float* x, const float* const* state,
                 float* const* out) const {
  const std::int64_t I = impl_->shape.input_size, H = impl_->shape.hidden_size;
  // In place, every unit of the new h needs all units of the old h of its sequence: the old h of a
  // few sequences at a time is copied to a buffer.
  constexpr std::int64_t kAside = 48;
  const bool in_place = state != nullptr && out[0] == state[0];
  const std::int64_t at_once = in_place ? std::min(batch, kAside) : batch;

  // One block per thread, which grows to the largest layer that the thread has run: after the first
  // step of a layer, nothing is allocated.
  thread_local Buffer<char> block;
  thread_local std::size_t capacity = 0;
  const std::size_t scratch = impl_->step_scratch;
  const std::size_t needed =
      scratch + (in_place ? static_cast<std::size_t>(at_once * H) * sizeof(float) : 0);
  if (needed > capacity) {
    block = make_buffer<char>(static_cast<std::int64_t>(needed));
    capacity = needed;
  }

  const bool descending = impl_->steps_are_odd.load(std::memory_order_relaxed);
  impl_->steps_are_odd.store(!descending, std::memory_order_relaxed);
  const FlushSubnormals guard;
  for (std::int64_t b = 0; b < batch; b += at_once) {
    const std::int64_t count = std::min(at_once, batch - b);
    const float* from[kMostStates];
    float* to[kMostStates];
    for (int k = 0; k < impl_->kernels->num_states; ++k) {
      from[k] = state == nullptr || state[k] == nullptr ? nullptr : state[k] + b * H;
      to[k] = out[k] + b * H;
    }
    if (in_place) {
      float* aside = reinterpret_cast<float*>(block.get() + scratch);
      std::copy_n(from[0], count * H, aside);
      from[0] = aside;
    }
    step(count, x + b * I, from, to, block.get(), descending);
  }
}

std::size_t Layer::step_scratch() const noexcept { return impl_->step_scratch; }

void Layer::step(std::int64_t batch, const float* x, const float* const* state, float* const* out,
                 void* scratch, bool descending) const noexcept {
  StepArgs args{};
  args.shape = impl_->shape;
  args.packed = impl_->packed.get();
  args.batch = batch;
  args.x = x;
  args.state = state;
  args.out = out;
  args.descending = descending;
  impl_->kernels->step(args, scratch);
}

}  // namespace skrnn
