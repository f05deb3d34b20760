// What a Python Layer holds.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <vector>

#include "arguments.h"
#include "skrnn/layer.h"

namespace skrnn::bindings {

struct LayerObject {
  Layer layer;
  std::uint64_t serial;  // tells whose cache a cache is; no two layers of a process share one
  bool reverse;          // what forward does unless told otherwise

  // Facts about the layer that step reads on every call.
  std::int64_t input_size;   // I
  std::int64_t hidden_size;  // H
  StateArgument state;       // of step
  StateArgument out;
  // Batches this large make a step long enough to let other Python threads run meanwhile.
  std::int64_t gil_free_batch;

  // Read-only copies of what the layer was made from, for pickling and for reading back.
  std::vector<pybind11::object> parameters;  // arrays or None, in the order of CellInfo
};

}  // namespace skrnn::bindings
