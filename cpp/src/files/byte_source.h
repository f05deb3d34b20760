// Bytes to read from, in a file or in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace skrnn {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::int64_t size() const = 0;
  // Bytes [begin, begin + count), all of which lie inside of [0, size()).
  virtual void read(std::int64_t begin, std::int64_t count, void* to) = 0;
};

// A regular file; `path` is UTF-8 on Windows and bytes elsewhere. This and reading throw
// std::system_error with an errno where the system cannot read it, and std::invalid_argument where
// it is a device, a pipe, or becomes shorter in the meantime.
std::unique_ptr<ByteSource> open_file(const std::string& path);

// `data` has to outlive the source.
std::unique_ptr<ByteSource> bytes_in_memory(const char* data, std::size_t size);

}  // namespace skrnn
