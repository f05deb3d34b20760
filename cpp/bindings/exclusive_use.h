// Exclusive use of a mutable object by one thread.
#pragma once

#include <atomic>
#include <stdexcept>

namespace skrnn::bindings {

// Within its scope, no other thread may use the object that `busy` belongs to: another thread's
// attempt throws a RuntimeError with the message `refusal`.
class ExclusiveUse {
 public:
  ExclusiveUse(std::atomic<bool>& busy, const char* refusal) : busy_(busy) {
    if (busy.exchange(true, std::memory_order_acquire)) throw std::runtime_error(refusal);
  }
  ~ExclusiveUse() { busy_.store(false, std::memory_order_release); }
  ExclusiveUse(const ExclusiveUse&) = delete;
  ExclusiveUse& operator=(const ExclusiveUse&) = delete;

 private:
  std::atomic<bool>& busy_;
};

}  // namespace skrnn::bindings
