// What a Layer holds: its kernels and its packed weights.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "base/buffer.h"
#include "layer/kernel_table.h"
#include "skrnn/layer.h"

namespace skrnn {

struct Layer::Impl {
  const KernelTable* table;
  const CellKernels* kernels;
  CellInfo info;
  std::string isa;
  LayerShape shape;
  std::size_t step_scratch;  // bytes
  Buffer<float> packed;

  // The backward weights, which only training needs: load, or the first call of backward, packs
  // them; the latter from the forward weights.
  mutable std::mutex back_mutex;
  mutable std::atomic<bool> has_back{false};
  mutable Buffer<float> packed_back;

  // Alternates the direction in which step reads the weights. Only speed depends on it, so a race
  // between threads is harmless.
  mutable std::atomic<bool> steps_are_odd{false};

  const float* backward_weights() const;
};

}  // namespace skrnn
