#include "network/parameter_list.h"

#include <stdexcept>
#include <utility>

namespace skrnn {

std::int64_t ParameterList::add(Parameter parameter) {
  constexpr std::int64_t kMost = std::int64_t{1} << 46;  // far beyond memory, far below overflow
  parameter.size = 1;
  for (const std::int64_t n : parameter.shape) {
    if (n > kMost / parameter.size) {
      throw std::invalid_argument(parameter.name +
                                  " would be too large; lower hidden_size, input_size or "
                                  "embedding_size");
    }
    parameter.size *= n;
  }
  if (size_ > kMost - parameter.size) {
    throw std::invalid_argument("the model would be too large; lower num_layers or hidden_size");
  }
  parameter.offset = size_;
  size_ += parameter.size;
  parameters_.push_back(std::move(parameter));
  return parameters_.back().offset;
}

}  // namespace skrnn
