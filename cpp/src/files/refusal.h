// The refusal of a file, with a sentence that says what is wrong with it.
#pragma once

#include <stdexcept>
#include <string>

namespace skrnn {

[[noreturn]] inline void refuse_file(const std::string& wrong) {
  throw std::invalid_argument(wrong);
}

}  // namespace skrnn
