// WindowStream: the newest windows of series, and what the network of a model says of them.
// Private: for streams in Python, which check what users give.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "arguments.h"
#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "exclusive_use.h"
#include "skrnn/window_stream.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

struct WindowStreamObject {
  WindowStream stream;
  std::atomic<bool> busy{false};

  explicit WindowStreamObject(WindowStream s) : stream(std::move(s)) {}
};

WindowStreamObject& window_stream_of(py::handle self) {
  return unwrap<WindowStreamObject>(self, "expected a WindowStream");
}

ExclusiveUse use_windows_alone(WindowStreamObject& self) {
  return {self.busy, "this stream is in use by another thread"};
}

WindowLevel find_level(const std::string& name) {
  if (name == "last") return WindowLevel::kLast;
  if (name == "mean") return WindowLevel::kMean;
  throw py::value_error("level must be 'last' or 'mean', got '" + name + "'");
}

py::object step_windows(py::handle object, py::handle numbers_object) {
  WindowStreamObject& self = window_stream_of(object);
  const std::int64_t n = self.stream.series(), size = self.stream.outputs();
  const py::array numbers = float32_array(numbers_object, {"numbers"}, {{"n", n}});
  const ExclusiveUse use = use_windows_alone(self);
  const float* found = self.stream.step(data_of(numbers));
  if (found == nullptr) return py::none();
  py::array outputs = new_float32({n, size}), levels = new_float32({n});
  std::copy_n(found, n * size, mutable_data_of(outputs));
  std::copy_n(self.stream.levels(), n, mutable_data_of(levels));
  return py::make_tuple(outputs, levels);
}

std::unique_ptr<WindowStreamObject> make_window_stream(py::handle model, py::handle rows,
                                                       const std::string& level,
                                                       py::handle series) {
  return std::make_unique<WindowStreamObject>(
      WindowStream(unwrap<Model>(model, "model: expected a Model"), integer_from(rows, "rows", 1),
                   find_level(level), integer_from(series, "series", 1)));
}

}  // namespace

void register_window_stream(py::module_& m) {
  auto stream = bind_class<WindowStreamObject>(
      m, "WindowStream", "The newest windows of series, and the outputs of a network for them.");
  stream
      .def(py::init(&make_window_stream), py::arg("model"), py::kw_only(), py::arg("rows"),
           py::arg("level"), py::arg("series") = 1)
      .def("step", &step_windows, py::arg("numbers"),
           "Read the next number of each series, float32 (n,), NaN for none. Returns None while "
           "windows are not full, then the outputs relative to the level, float32 (n, M * K), and "
           "the levels, float32 (n,).")
      .def(
          "reset",
          [](py::handle object) {
            WindowStreamObject& self = window_stream_of(object);
            const ExclusiveUse use = use_windows_alone(self);
            self.stream.reset();
          },
          "Begin new series.");
}

}  // namespace skrnn::bindings
