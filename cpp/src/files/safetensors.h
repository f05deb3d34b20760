// A reader of safetensors containers from untrusted sources: first the header, then the tensors.
// https://github.com/huggingface/safetensors#format:
//
//   8 bytes     N, unsigned
//   N bytes     {"__metadata__": {name: string, ...},
//                tensor: {"dtype": string, "shape": [...], "data_offsets": [begin, end]}, ...}
//   all others  the data: the numbers of one tensor after another, row-major, without gaps
//
// Numbers are little-endian, as they are on every machine that this library runs on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/byte_source.h"
#include "files/json.h"

namespace skrnn {

struct Tensor {
  std::string name;
  std::string_view dtype;  // "F32", ...
  std::vector<std::int64_t> shape;
  std::int64_t begin, end;  // range of its bytes in the data
};

class Safetensors {
 public:
  // Reads and checks the header, but none of the data: afterwards every tensor has a known dtype
  // and the number of bytes that its dtype and shape need, all of them inside the source. Throws
  // std::invalid_argument for anything else. `source` has to outlive the object.
  explicit Safetensors(ByteSource& source);
  Safetensors(const Safetensors&) = delete;
  Safetensors& operator=(const Safetensors&) = delete;

  const std::vector<Tensor>& tensors() const { return tensors_; }  // by name
  const Tensor* find(std::string_view name) const;                 // null where there is none

  // The text under a name in "__metadata__", or nothing.
  std::optional<std::string> metadata(std::string_view name) const;

  // Reads the end - begin bytes of a tensor.
  void read(const Tensor& tensor, void* to) const;

 private:
  void add(const std::string& name, const Json& description);
  void check_coverage();

  ByteSource& source_;
  std::string header_;
  std::int64_t data_begin_ = 0;
  std::optional<Json> metadata_;  // in header_
  std::vector<Tensor> tensors_;
};

}  // namespace skrnn
