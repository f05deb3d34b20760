// The list of a network's parameters, which gives each its place in the arena.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "skrnn/network.h"

namespace skrnn {

// The parts are made one after another, and each declares its parameters here: their places in the
// arena follow in that order, without gaps.
class ParameterList {
 public:
  // The offset of a new parameter. Throws std::invalid_argument for a size that no memory could
  // hold.
  std::int64_t add(Parameter parameter);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::int64_t size() const { return size_; }  // of the arena

 private:
  std::vector<Parameter> parameters_;
  std::int64_t size_ = 0;
};

}  // namespace skrnn
