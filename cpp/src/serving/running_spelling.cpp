#include "serving/running_spelling.h"

#include <algorithm>

namespace skrnn {

RunningSpelling::RunningSpelling(const Spelling& spelling)
    : spelling_(spelling),
      forward_(spelling.stack(), 1, 0),
      reverse_(spelling.stack(), 1, 1),
      embedded_(make_buffer<float>(spelling.embedding().size())) {}

void RunningSpelling::read(std::int64_t count, const std::int64_t* letters,
                           float* states) noexcept {
  const std::int64_t H = spelling_.stack().shape().hidden_size;
  std::copy_n(last_of(forward_, count, letters, 1), H, states);
  std::copy_n(last_of(reverse_, count, letters + count - 1, -1), H, states + H);
}

const float* RunningSpelling::last_of(RunningStack& stack, std::int64_t count,
                                      const std::int64_t* letter, std::int64_t stride) noexcept {
  stack.reset(0);
  const float* h = nullptr;
  for (std::int64_t i = 0; i < count; ++i) {
    spelling_.embedding().look_up(1, letter + i * stride, embedded_.get());
    h = stack.step(embedded_.get());
  }
  return h;
}

}  // namespace skrnn
