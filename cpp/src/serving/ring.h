// The last numbers of a series.
#pragma once

#include <cstdint>

#include "base/buffer.h"

namespace skrnn {

// The last L of some numbers, in order: each is written twice, so that they are in one run.
class Ring {
 public:
  explicit Ring(std::int64_t length) : length_(length), numbers_(make_buffer<float>(2 * length)) {}

  void push(float number) noexcept {
    numbers_[next_] = numbers_[next_ + length_] = number;
    next_ = next_ + 1 == length_ ? 0 : next_ + 1;
  }
  const float* get() const noexcept { return numbers_.get() + next_; }  // [L], oldest first

 private:
  std::int64_t length_, next_ = 0;
  Buffer<float> numbers_;
};

}  // namespace skrnn
