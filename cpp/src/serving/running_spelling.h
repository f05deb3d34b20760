// The letters of one word after the other, each read as a step of its own.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "network/spelling.h"
#include "serving/running_stack.h"

namespace skrnn {

class RunningSpelling {
 public:
  // `spelling` must outlive the object.
  explicit RunningSpelling(const Spelling& spelling);

  // Writes the states [S] of a word of `count` letters, one at least. Allocates nothing; the caller
  // is responsible for flushing subnormals.
  void read(std::int64_t count, const std::int64_t* letters, float* states) noexcept;

 private:
  // The last h of `stack`, [S / 2], after `count` letters that begin at `letter` and are `stride`
  // apart.
  const float* last_of(RunningStack& stack, std::int64_t count, const std::int64_t* letter,
                       std::int64_t stride) noexcept;

  const Spelling& spelling_;
  RunningStack forward_, reverse_;
  Buffer<float> embedded_;  // of one letter
};

}  // namespace skrnn
