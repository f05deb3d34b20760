// The parts of the module, which module.cpp registers.
#pragma once

#include <pybind11/pybind11.h>

namespace skrnn::bindings {

void register_system(pybind11::module_& m);
void register_layer(pybind11::module_& m);
void register_engine(pybind11::module_& m);
void register_windows(pybind11::module_& m);
void register_model(pybind11::module_& m);
void register_chain(pybind11::module_& m);
void register_stream(pybind11::module_& m);
void register_window_stream(pybind11::module_& m);
void register_anomaly_stream(pybind11::module_& m);
void register_generation(pybind11::module_& m);

}  // namespace skrnn::bindings
