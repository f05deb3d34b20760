// One recurrent layer in one direction: weights packed once, then forward, backward and step.
//
// Everything here is float32 and row-major. Shapes use T steps, B sequences, I input channels,
// H hidden units, G gates. Weights have PyTorch's shapes and gate order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "skrnn/batch.h"

namespace skrnn {

// What the kernels know of a cell. LSTM has two states (h and c), the others one.
struct CellInfo {
  std::string name;
  int gates;  // G: rows of weight_ih and weight_hh over H
  int states;
};

// Every cell, in a fixed order.
std::vector<CellInfo> cells();

struct Weights {
  const float* weight_ih;  // [G * H, I]
  const float* weight_hh;  // [G * H, H]
  const float* bias_ih;    // [G * H], or null for none
  const float* bias_hh;    // [G * H], or null for none
};

// Each is written whole; null means "not wanted".
struct WeightGradients {
  float* weight_ih;  // [G * H, I]
  float* weight_hh;  // [G * H, H]
  float* bias_ih;    // [G * H]
  float* bias_hh;    // [G * H]
};

// h, and c where the cell has one. A null pointer means zeros on the way in and "not wanted" on the
// way out.
struct State {
  const float* h = nullptr;  // [B, H]
  const float* c = nullptr;  // [B, H]
};
struct MutableState {
  float* h = nullptr;  // [B, H]
  float* c = nullptr;  // [B, H]
};

// What forward saves for backward, besides x, h0, c0 and y, which the caller keeps unchanged.
// A cache may be used for any number of backward passes.
class Cache {
 public:
  Cache();
  ~Cache();
  Cache(Cache&&) noexcept;
  Cache& operator=(Cache&&) noexcept;

  std::int64_t nbytes() const;

 private:
  friend class Layer;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Any number of threads may use one layer at once, except while it is made or loaded.
class Layer {
 public:
  // Throws std::invalid_argument for an unknown cell or a size below 1.
  Layer(const std::string& cell, std::int64_t input_size, std::int64_t hidden_size,
        const Weights& weights);
  ~Layer();

  // Other weights of the same shapes. With `trains` they are packed for backward, too, which else
  // happens when it is first called.
  void load(const Weights& weights, bool trains);

  Layer(Layer&&) noexcept;
  Layer& operator=(Layer&&) noexcept;

  const CellInfo& cell() const;
  std::int64_t input_size() const;
  std::int64_t hidden_size() const;
  const std::string& isa() const;

  // y[t] = h after step t, zero where a padded row belongs to no sequence; state_n the state after
  // each sequence's last step. `cache` may be null. `threads` <= 0 means max_threads().
  //
  // With `recurrent_mask` ([B, H] by rank, or null) h is multiplied by it where it meets the
  // recurrent weights, and nowhere else: variational dropout (Gal & Ghahramani 2016).
  void forward(const Batch& batch, const float* x /* [rows, I] */, State state0,
               float* y /* [rows, H] */, MutableState state_n, Cache* cache, int threads,
               const float* recurrent_mask = nullptr) const;

  // Gradients of a scalar loss L, given dy = dL/dy (null for zeros; rows of padding are ignored)
  // and dstate_n = dL/d(state_n). dx rows of padding are set to zero.
  // x, state0, y, batch and recurrent_mask are those of the forward pass that filled `cache`.
  // `dh_steps` gets dL/dh after each step, whatever h leads to, by Batch::packed_row.
  void backward(const Batch& batch, const float* x, State state0, const float* y,
                const Cache& cache, const float* dy /* [rows, H] */, State dstate_n,
                float* dx /* [rows, I], or null */, MutableState dstate0,
                const WeightGradients& gradients, int threads,
                const float* recurrent_mask = nullptr,
                float* dh_steps = nullptr /* [sum of lengths, H] */) const;

  // One step for B sequences on the calling thread. out.h may be the array state.h, and out.c may
  // be state.c; otherwise the outputs overlap nothing. Allocates only when the calling thread meets
  // a larger layer than ever before.
  void step(std::int64_t batch, const float* x /* [B, I] */, State state, MutableState out) const;

 private:
  friend class Stream;

  // The bare step: it allocates nothing, and leaves it to the caller to flush subnormals. `memory`
  // has step_memory() bytes on a cache line, out.h is not state.h, and `backwards` changes nothing
  // but the direction in which the weights are read: what the last call read stays in cache.
  std::size_t step_memory() const noexcept;
  void step(std::int64_t batch, const float* x, State state, MutableState out, void* memory,
            bool backwards) const noexcept;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
