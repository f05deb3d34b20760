#pragma once

#include <pybind11/pybind11.h>

namespace skrnn::bindings {

// Adds the method `step` to the bound Layer type.
void register_step(pybind11::handle layer_type);

}  // namespace skrnn::bindings
