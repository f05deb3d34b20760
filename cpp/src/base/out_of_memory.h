// A bad_alloc with a message that names the buffer and its size.
#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <utility>

namespace skrnn {

class OutOfMemory final : public std::bad_alloc {
 public:
  explicit OutOfMemory(std::string message) : message_(std::move(message)) {}
  // `what` is a noun: "the packed weights of a layer".
  OutOfMemory(const std::string& what, std::int64_t bytes)
      : message_(what + " would take " + std::to_string(bytes) +
                 " bytes, more memory than there is") {}

  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace skrnn
