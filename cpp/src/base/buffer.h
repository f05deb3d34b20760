// Uninitialised memory on a cache line boundary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "base/out_of_memory.h"

namespace skrnn {

constexpr std::size_t kCacheLine = 64;

struct AlignedDelete {
  void operator()(void* p) const { ::operator delete(p, std::align_val_t{kCacheLine}); }
};

template <class T>
using Buffer = std::unique_ptr<T[], AlignedDelete>;

// Throws OutOfMemory with a message in which `what` names the buffer.
template <class T>
Buffer<T> make_buffer(std::int64_t n, const char* what = "the working memory") {
  const auto bytes = static_cast<std::size_t>(n) * sizeof(T);
  try {
    return Buffer<T>(static_cast<T*>(::operator new(bytes, std::align_val_t{kCacheLine})));
  } catch (const std::bad_alloc&) {
    throw OutOfMemory(what, static_cast<std::int64_t>(bytes));
  }
}

// A buffer that is reused while the requested size fits, and otherwise grows. Its contents are lost
// when it grows.
template <class T>
class Workspace {
 public:
  T* reserve(std::int64_t n, const char* what = "the working memory") {
    if (n > capacity_) {
      buffer_ = make_buffer<T>(n, what);
      capacity_ = n;
    }
    return buffer_.get();
  }
  T* get() const { return buffer_.get(); }

 private:
  Buffer<T> buffer_;
  std::int64_t capacity_ = 0;
};

}  // namespace skrnn
