// One recurrent layer in one direction: weights packed once, then forward, backward and step.
//
// Everything here is float32 and row-major. Shapes use T steps, B sequences, I input channels,
// H hidden units, G gates. Weights have PyTorch's shapes and gate order.
//
// Parameters, their gradients and states are arrays in the order of CellInfo. For an LSTM:
//
//   skrnn::Layer layer("lstm", I, H, {weight_ih, weight_hh, bias_ih, bias_hh});
//   float* state[] = {h, c};               // [B, H] each
//   layer.step(B, x, state, state);        // in place
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "skrnn/batch.h"
#include "skrnn/cell.h"

namespace skrnn {

struct CellInfo {
  std::string name;
  std::vector<ParameterInfo> parameters;
  std::vector<StateInfo> states;  // the first is h, which is also the output
};

// Every cell, in a fixed order.
std::vector<CellInfo> cells();

// Throws std::invalid_argument for an unknown name, listing the known ones.
CellInfo cell_info(const std::string& name);

// A pointer to each parameter; null stands for zeros, and is allowed for optional ones.
using LayerParameters = std::vector<const float*>;

// A pointer to the gradient of each parameter, which is overwritten; null, or an empty list, means
// "not wanted".
using LayerGradients = std::vector<float*>;

// Values that forward saves for backward, in addition to x, state0 and y, which the caller must
// keep unchanged.
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

// States and their gradients are arrays of as many pointers as the cell has states. A null pointer
// means zeros for an input and "not wanted" for an output; null in place of the array means the
// same for all states.
//
// Any number of threads may use one layer at once, except while it is made or loaded.
class Layer {
 public:
  // Throws std::invalid_argument for an unknown cell, a size below 1, another number of parameters
  // and a null one that is not optional.
  Layer(const std::string& cell, std::int64_t input_size, std::int64_t hidden_size,
        const LayerParameters& parameters);
  ~Layer();

  // Replaces the parameters by others of the same shapes. With `trains` they are packed for
  // backward, too; otherwise the first call of backward packs them.
  void load(const LayerParameters& parameters, bool trains);

  Layer(Layer&&) noexcept;
  Layer& operator=(Layer&&) noexcept;

  const CellInfo& cell() const;
  std::int64_t input_size() const;
  std::int64_t hidden_size() const;
  const std::string& isa() const;

  // y[t] = h after step t, zero where a padded row belongs to no sequence; state_n the state after
  // each sequence's last step. `cache` may be null. `threads` <= 0 means max_threads().
  //
  // h is multiplied by `recurrent_mask` ([B, H] by rank, or null) before the product with the
  // recurrent weights, and nowhere else: variational dropout (Gal & Ghahramani 2016).
  void forward(const Batch& batch, const float* x /* [rows, I] */,
               const float* const* state0 /* [B, H] each */, float* y /* [rows, H] */,
               float* const* state_n /* [B, H] each */, Cache* cache, int threads,
               const float* recurrent_mask = nullptr) const;

  // Gradients of a scalar loss L, given dy = dL/dy (null for zeros; rows of padding are ignored)
  // and dstate_n = dL/d(state_n). dx rows of padding are set to zero.
  // x, state0, y, batch and recurrent_mask are those of the forward pass that filled `cache`.
  // `dh_steps` receives dL/dh after each step, through y and all later steps, at Batch::packed_row.
  void backward(const Batch& batch, const float* x, const float* const* state0, const float* y,
                const Cache& cache, const float* dy /* [rows, H] */,
                const float* const* dstate_n /* [B, H] each */, float* dx /* [rows, I], or null */,
                float* const* dstate0 /* [B, H] each */, const LayerGradients& gradients,
                int threads, const float* recurrent_mask = nullptr,
                float* dh_steps = nullptr /* [sum of lengths, H] */) const;

  // One step for B sequences on the calling thread. Each array of `out` may be that of `state`;
  // otherwise the outputs overlap nothing. Allocates only when the calling thread runs a larger
  // layer than ever before.
  void step(std::int64_t batch, const float* x /* [B, I] */, const float* const* state,
            float* const* out) const;

  // The same for callers that provide scratch, as a stream does: it never allocates, and the caller
  // is responsible for flushing subnormals. `scratch` has step_scratch() bytes, begins on a cache
  // line (64 bytes) and is used by one call at a time. The new h must not overwrite the old one;
  // `out` and its arrays may not be null. `descending` reads the weights from last to first, to the
  // same result: a caller that alternates the order finds the weights that the last call read still
  // in cache.
  std::size_t step_scratch() const noexcept;
  void step(std::int64_t batch, const float* x, const float* const* state, float* const* out,
            void* scratch, bool descending) const noexcept;

 private:
  friend class SharedSteps;  // layer/shared_steps.h
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
