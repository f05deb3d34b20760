// AnomalyStream: a detector that scores each step of a series as it arrives.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "exclusive_use.h"
#include "interruption.h"
#include "skrnn/anomaly_stream.h"
#include "stream_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

struct AnomalyObject {
  AnomalyStream stream;
  bool missing;  // whether NaN is a number that nobody observed
  std::int64_t C;
  std::vector<double> numbers;  // [C], of one step
  std::atomic<bool> busy{false};

  AnomalyObject(const Model& model, const AnomalySettings& settings, bool may_be_missing)
      : stream(model, settings),
        missing(may_be_missing),
        C(stream.channels()),
        numbers(static_cast<std::size_t>(C)) {}
};

AnomalyObject& anomalies_of(py::handle self) {
  return unwrap<AnomalyObject>(self, "expected an AnomalyStream");
}

ExclusiveUse use_anomalies_alone(AnomalyObject& self) {
  return {self.busy,
          "this stream is in use by another thread; give each thread a stream of its own"};
}

void check_step_numbers(const AnomalyObject& self, const char* name, const double* x,
                        std::int64_t steps) {
  for (std::int64_t i = 0; i < steps * self.C; ++i) {
    if (std::isfinite(x[i]) || (self.missing && std::isnan(x[i]))) continue;
    throw py::value_error(
        std::string(name) + " is " + (std::isnan(x[i]) ? "NaN" : "infinite") +
        (steps > 1 ? " at step " + std::to_string(i / self.C) : "") +
        (self.C > 1 ? " in channel " + std::to_string(i % self.C) : "") +
        "; expected finite numbers" +
        (std::isnan(x[i]) ? ": with missing=\"fill\" NaN is a number that nobody observed" : ""));
  }
}

// Numbers of shape (C,), or with `block` (T, C), as float64. The axis C may be left out if C is 1.
py::array_t<double> step_numbers_of(const AnomalyObject& self, py::handle object, const char* name,
                                    bool block) {
  const py::array_t<double, py::array::c_style | py::array::forcecast> array(
      number_array(object, name));
  const py::ssize_t axes = block ? 2 : 1;
  const bool has_channels = array.ndim() == axes && array.shape(axes - 1) == self.C;
  if (!has_channels && !(self.C == 1 && array.ndim() == axes - 1)) {
    const std::string C = std::to_string(self.C);
    const std::string expected = block         ? "(T, " + C + ")" + (self.C == 1 ? " or (T,)" : "")
                                 : self.C == 1 ? std::string("(1,), or a number")
                                               : "(" + C + ",)";
    throw py::value_error(std::string(name) + ": expected shape " + expected + ", got " +
                          describe(array));
  }
  return array;
}

PyObject* step_anomalies(PyObject* object, PyObject* x_t) noexcept {
  return for_cpython([&] {
    auto& self = unwrap_unchecked<AnomalyObject>(object);
    const ExclusiveUse use = use_anomalies_alone(self);
    if (self.C == 1 && PyFloat_Check(x_t)) {
      self.numbers[0] = PyFloat_AS_DOUBLE(x_t);
    } else {
      const auto array = step_numbers_of(self, x_t, "x_t", false);
      std::copy_n(array.data(), self.C, self.numbers.begin());
    }
    check_step_numbers(self, "x_t", self.numbers.data(), 1);
    return PyFloat_FromDouble(self.stream.step(self.numbers.data()));
  });
}

PyMethodDef anomaly_step_definition = {"step", &step_anomalies, METH_O, R"(step($self, x_t, /)
--

Read one step; return the score of the one `delay` steps before.

Parameters
----------
x_t : array of shape (C,)
    The numbers of a step; a number is accepted for one channel.

Returns
-------
score : float
    The lower, the more abnormal, as in score_samples: the same bits. NaN in the first `delay`
    steps, when no step has its score yet.

Raises
------
TypeError, ValueError
    For another shape, for infinity, and for NaN unless the detector takes it as missing. The stream
    is then unchanged.
RuntimeError
    If another thread is using this stream.)"};

py::array_t<double> process_anomalies(py::handle object, py::handle block) {
  AnomalyObject& self = anomalies_of(object);
  const auto array = step_numbers_of(self, block, "block", true);
  const std::int64_t steps = array.shape(0);
  check_step_numbers(self, "block", array.data(), steps);
  const std::vector<double> numbers(array.data(), array.data() + steps * self.C);
  py::array_t<double> scores(steps);
  double* to = scores.mutable_data();
  const ExclusiveUse use = use_anomalies_alone(self);
  without_gil([&](KeepGoing keep_going, void* context) {
    for (std::int64_t t = 0; t < steps; ++t) {
      if (t % 64 == 0 && !keep_going(context)) return false;
      to[t] = self.stream.step(numbers.data() + t * self.C);
    }
    return true;
  });
  return scores;
}

py::array_t<double> pending_anomalies(py::handle object) {
  AnomalyObject& self = anomalies_of(object);
  const ExclusiveUse use = use_anomalies_alone(self);
  std::vector<double> scores(static_cast<std::size_t>(self.stream.delay()));
  const std::int64_t count = self.stream.pending(scores.data());
  return py::array_t<double>(count, scores.data());
}

std::unique_ptr<AnomalyObject> make_anomaly_stream(
    py::handle model, py::handle rows, py::handle delay, const std::vector<double>& mean,
    const std::vector<double>& scale, const std::vector<double>& unit, py::handle missing) {
  const AnomalySettings settings{
      integer_from(rows, "rows", 1), integer_from(delay, "delay", 0), mean, scale, unit, 0.0};
  return std::make_unique<AnomalyObject>(unwrap<Model>(model, "model: expected a Model"), settings,
                                         flag(missing, "missing"));
}

}  // namespace

void register_anomaly_stream(py::module_& m) {
  auto stream = bind_class<AnomalyObject>(m, "AnomalyStream",
                                          R"(A series that a detector scores as it arrives.

Made by the `stream` method of a detector. A step is scored when `delay` more have been read. One
thread at a time may use a stream; streams of one detector may be used by as many threads as there
are streams.)");
  stream
      .def(py::init(&make_anomaly_stream), py::arg("model"), py::kw_only(), py::arg("rows"),
           py::arg("delay"), py::arg("mean"), py::arg("scale"), py::arg("unit"),
           py::arg("missing") = false)
      .def("process", &process_anomalies, py::arg("block"),
           R"(Read many steps.

Parameters
----------
block : array of shape (T, C)
    (T,) is accepted for one channel.

Returns
-------
scores : array of shape (T,)
    ``scores[t]`` is what ``step(block[t])`` returns.

Raises
------
TypeError, ValueError, RuntimeError
    As step.
KeyboardInterrupt
    On Ctrl-C. Some of the steps have then been read: call `reset`.)")
      .def("pending", &pending_anomalies,
           R"(Return the scores of the last steps, which are not final yet.

Returns
-------
scores : array of shape (min(delay, steps read),)
    Of the steps that `step` has not scored, oldest first, from the windows so far: what
    score_samples returns for the end of the series.)")
      .def(
          "reset",
          [](py::handle object) {
            AnomalyObject& self = anomalies_of(object);
            const ExclusiveUse use = use_anomalies_alone(self);
            self.stream.reset();
          },
          "Begin a new series.")
      .def_property_readonly(
          "delay", [](py::handle self) { return anomalies_of(self).stream.delay(); },
          "Steps that a score waits for.")
      .def_property_readonly(
          "window", [](py::handle self) { return anomalies_of(self).stream.window(); },
          "Steps of a window.");
  add_method(stream, anomaly_step_definition);
}

}  // namespace skrnn::bindings
