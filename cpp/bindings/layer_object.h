// What a Python Layer holds.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "skrnn/layer.h"

namespace skrnn::bindings {

struct LayerObject {
  Layer layer;
  std::uint64_t serial;  // tells whose cache a cache is; no two layers of a process share one
  bool reverse;          // what forward does unless told otherwise

  // Facts about the layer that step reads on every call.
  std::int64_t input_size;   // I
  std::int64_t hidden_size;  // H
  int states;
  // Batches this large make a step long enough to let other Python threads run meanwhile.
  std::int64_t gil_free_batch;

  // Read-only copies of what the layer was made from, for pickling and for reading back.
  pybind11::object weight_ih;  // [G * H, I]
  pybind11::object weight_hh;  // [G * H, H]
  pybind11::object bias_ih;    // [G * H] or None
  pybind11::object bias_hh;    // [G * H] or None
};

}  // namespace skrnn::bindings
