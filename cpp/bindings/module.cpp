#include "bindings.h"

namespace py = pybind11;

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() = "The C++ core of scikit-rnn: kernels, and facts about this build and this machine.";
  m.attr("__version__") = SKRNN_VERSION;
  skrnn::bindings::register_system(m);
  skrnn::bindings::register_layer(m);
  skrnn::bindings::register_engine(m);
  skrnn::bindings::register_windows(m);
  skrnn::bindings::register_model(m);
  skrnn::bindings::register_chain(m);
  skrnn::bindings::register_stream(m);
  skrnn::bindings::register_window_stream(m);
  skrnn::bindings::register_anomaly_stream(m);
  skrnn::bindings::register_generation(m);
}
