// The C++ object inside a Python Layer.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

#include "arguments.h"
#include "skrnn/layer.h"

namespace skrnn::bindings {

struct LayerObject {
  Layer layer;
  std::uint64_t serial;  // names the layer of a cache; unique within a process
  bool reverse;          // the default of forward

  // Facts about the layer that step reads on every call.
  std::int64_t input_size;   // I
  std::int64_t hidden_size;  // H
  StateArgument state;       // of step
  StateArgument out;
  // From this batch size on, a step takes long enough to release the GIL.
  std::int64_t gil_free_batch;

  // Read-only copies of the parameters, for pickling and for the property `parameters`.
  std::vector<pybind11::object> parameters;  // arrays or None, in the order of CellInfo
};

}  // namespace skrnn::bindings
