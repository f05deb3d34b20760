// Scratch cut from one block that the caller owns. An arena without a block only measures,
// so one function both sizes a layout and makes it.
#pragma once

#include <cstddef>

#include "simd/packet.h"

namespace skrnn::SKRNN_ISA {

class Arena {
 public:
  explicit Arena(void* block) : block_(static_cast<char*>(block)) {}

  // `n` uninitialised values on a cache line of their own.
  template <class T>
  T* take(Index n) {
    T* place = block_ ? reinterpret_cast<T*>(block_ + used_) : nullptr;
    used_ += (static_cast<std::size_t>(n) * sizeof(T) + 63) / 64 * 64;
    return place;
  }
  std::size_t used() const { return used_; }

 private:
  char* block_;
  std::size_t used_ = 0;
};

}  // namespace skrnn::SKRNN_ISA
