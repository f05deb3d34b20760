// Model: a trained network for prediction. Private: the estimators and the runtime check user
// input.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

#include "arguments.h"
#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "interruption.h"
#include "sequence_arrays.h"
#include "skrnn/model.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

const Model& model_of(py::handle self) { return unwrap<Model>(self, "expected a Model"); }

// (name, values, in_float64) of each, the form of the property `operations`.
using Operations = std::vector<std::tuple<std::string, std::vector<double>, bool>>;

std::unique_ptr<Model> make_model(py::handle network, py::handle parameters_object,
                                  const std::string& loss,
                                  const std::map<std::string, LossOption>& loss_options,
                                  std::int64_t targets, const std::vector<double>& target_mean,
                                  const std::vector<double>& target_scale,
                                  const Operations& operations) {
  const auto& model = unwrap<NetworkLayout>(network, "network: expected a NetworkLayout");
  const py::array parameters =
      float32_array(parameters_object, {"parameters"}, {{"P", model.num_parameters()}});
  ServingSettings settings;
  settings.network = model.settings();
  settings.loss = {loss, loss_options};
  settings.targets = targets;
  settings.target_mean = target_mean;
  settings.target_scale = target_scale;
  for (const auto& [name, values, in_float64] : operations) {
    settings.operations.push_back({find_operation(name), values, in_float64});
  }
  return std::make_unique<Model>(settings, data_of(parameters));
}

Model load(py::handle path) {
  // A path as Python takes it: str, bytes or PathLike, in the encoding of the file system.
  const auto text = py::reinterpret_steal<py::object>(PyOS_FSPath(path.ptr()));
  if (!text) throw py::error_already_set();
  std::string name;
  if (PyBytes_Check(text.ptr())) {
    name = text.cast<std::string>();
  } else {
#if defined(_WIN32)
    name = text.cast<std::string>();  // UTF-8
#else
    const auto encoded = py::reinterpret_steal<py::bytes>(PyUnicode_EncodeFSDefault(text.ptr()));
    if (!encoded) throw py::error_already_set();
    name = encoded;
#endif
  }
  if (name.find('\0') != std::string::npos) throw py::value_error("path: embedded null character");
  try {
    const py::gil_scoped_release release;
    return Model::load(name);
  } catch (const std::system_error& error) {
    errno = error.code().value();
    PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, text.ptr());
    throw py::error_already_set();
  }
}

Model parse(const py::bytes& data) {
  char* begin = nullptr;
  Py_ssize_t size = 0;
  if (PyBytes_AsStringAndSize(data.ptr(), &begin, &size) != 0) throw py::error_already_set();
  const py::gil_scoped_release release;
  return Model::parse(begin, static_cast<std::size_t>(size));
}

py::dict parameters_of_model(py::handle self) {
  const Model& model = model_of(self);
  py::dict result;
  for (const Parameter& p : model.network().parameters()) {
    py::array_t<float> array(p.shape);
    std::memcpy(array.mutable_data(), model.parameters() + p.offset,
                static_cast<std::size_t>(p.size) * sizeof(float));
    result[p.name.c_str()] = array;
  }
  return result;
}

py::array_t<double> array_of(const std::vector<double>& values) {
  return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::list operations_of(py::handle self) {
  py::list result;
  for (const ChannelOperation& operation : model_of(self).settings().operations) {
    result.append(
        py::make_tuple(name_of(operation.kind), array_of(operation.values), operation.in_float64));
  }
  return result;
}

py::dict arrays_of(py::handle self) {
  py::dict result;
  for (const auto& item : model_of(self).settings().arrays) {
    result[item.first.c_str()] = array_of(item.second);
  }
  return result;
}

py::array double_matrix(py::handle values, std::int64_t columns) {
  auto array = py::array_t<double, py::array::c_style>::ensure(values);
  if (!array) throw py::error_already_set();
  if (array.ndim() != 2 || array.shape(1) != columns) {
    throw py::value_error("values: expected shape (rows, C) with C = " + std::to_string(columns) +
                          ", got " + describe(array));
  }
  return array;
}

// Channels of float64 go through the operations before they are rounded to float32.
py::array prepared(const Model& model, const py::array& values) {
  const std::int64_t rows = values.shape(0), C = model.channels();
  py::array result = new_float32({rows, C});
  float* to = mutable_data_of(result);
  if (values.dtype().equal(py::dtype::of<double>())) {
    model.prepare(rows, static_cast<const double*>(values.data()), to);
  } else {
    model.prepare(rows, data_of(values), to);
  }
  return result;
}

void check_finite(const SequenceData& data, std::int64_t channels) {
  for (std::int64_t i = 0; i < data.offsets[data.size] * channels; ++i) {
    if (std::isfinite(data.values[i])) continue;
    const std::int64_t row = i / channels;
    const std::int64_t* end = std::upper_bound(data.offsets, data.offsets + data.size, row);
    const std::int64_t sequence = end - data.offsets - 1;
    throw py::value_error("Sequence " + std::to_string(sequence) + " of X, step " +
                          std::to_string(row - data.offsets[sequence]) + ", channel " +
                          std::to_string(i % channels) +
                          " is too large for float32, once scaled; look at the data");
  }
}

// Sequences from Python as the network of a model reads them, checked.
SequenceArrays prepared_sequences(const Model& model, py::handle values, py::handle offsets,
                                  py::handle spellings, py::handle side) {
  auto input = py::reinterpret_borrow<py::object>(values);
  bool prepares = false;
  const bool windows = PyObject_TypeCheck(values.ptr(), bound_type<WindowArrays>);
  if (!windows && !model.settings().network.reads_tokens()) {
    const bool is_double =
        py::isinstance<py::array>(values) &&
        py::reinterpret_borrow<py::array>(values).dtype().equal(py::dtype::of<double>());
    const py::array raw =
        is_double ? double_matrix(values, model.channels())
                  : float32_array(values, {"values"}, {{"rows", kAny}, {"C", model.channels()}});
    prepares = is_double || !model.settings().operations.empty();
    input = prepares ? prepared(model, raw) : raw;
  }
  SequenceArrays sequences(model.network(), input, offsets, spellings, side);
  if (prepares) check_finite(sequences.data, model.channels());
  return sequences;
}

py::array_t<double> predict(py::handle self, py::handle values, py::handle offsets,
                            py::handle spellings, py::handle side, py::handle n_jobs) {
  const Model& model = model_of(self);
  const SequenceArrays sequences = prepared_sequences(model, values, offsets, spellings, side);
  const int threads = thread_count(n_jobs);
  py::array_t<double> answers(
      {output_rows(model.settings().network, sequences.data), model.answer_size()});
  double* to = answers.mutable_data();
  without_gil([&](KeepGoing keep_going, void* context) {
    return model.predict_prepared(sequences.data, to, threads, keep_going, context);
  });
  return answers;
}

py::array_t<double> window_errors_of(py::handle self, py::handle windows, py::handle offsets,
                                     py::handle n_jobs) {
  const Model& model = model_of(self);
  const auto& arrays = unwrap<WindowArrays>(windows, "windows: expected Windows");
  const NetworkSettings& network = model.settings().network;
  const SequenceArrays sequences(model.network(), windows, offsets, py::none(), py::none());
  arrays.check(network, sequences.data, network.horizon * network.output_size);
  const int threads = thread_count(n_jobs);
  py::array_t<double> errors(sequences.data.size);
  double* to = errors.mutable_data();
  without_gil([&](KeepGoing keep_going, void* context) {
    return model.window_errors(sequences.data, to, threads, keep_going, context);
  });
  return errors;
}

py::tuple best_paths(py::handle self, py::handle values, py::handle offsets, std::int64_t n,
                     py::handle spellings, py::handle n_jobs) {
  const Model& model = model_of(self);
  const SequenceArrays sequences =
      prepared_sequences(model, values, offsets, spellings, py::none());
  const int threads = thread_count(n_jobs);
  const std::int64_t paths = std::max<std::int64_t>(n, 0);  // the model refuses less than one
  py::array_t<std::int64_t> labels({paths, sequences.data.offsets[sequences.data.size]});
  py::array_t<double> scores({paths, sequences.data.size});
  std::int64_t* to = labels.mutable_data();
  double* scores_to = scores.mutable_data();
  without_gil([&](KeepGoing keep_going, void* context) {
    return model.best_paths_prepared(sequences.data, n, to, scores_to, threads, keep_going,
                                     context);
  });
  return py::make_tuple(labels, scores);
}

}  // namespace

void register_model(py::module_& m) {
  auto model = bind_class<Model>(m, "Model", "A trained network for prediction.");
  model
      .def(py::init(&make_model), py::arg("network"), py::arg("parameters"), py::kw_only(),
           py::arg("loss"), py::arg("loss_options") = std::map<std::string, LossOption>(),
           py::arg("targets") = 1, py::arg("target_mean") = std::vector<double>(),
           py::arg("target_scale") = std::vector<double>(), py::arg("operations") = Operations())
      .def_static(
          "load", &load, py::arg("path"),
          "From a file. OSError if it cannot be read, ValueError if it is not a valid model.")
      .def_static("parse", &parse, py::arg("data"), "From the bytes of a file.")
      .def_property_readonly(
          "description", [](py::handle self) { return model_of(self).description(); },
          "The description in the file: JSON, or empty.")
      .def_property_readonly(
          "channels", [](py::handle self) { return model_of(self).channels(); },
          "Channels of the raw input; 1 for tokens.")
      .def_property_readonly(
          "answer_size", [](py::handle self) { return model_of(self).answer_size(); },
          "Columns of what predict returns.")
      .def_property_readonly(
          "side_channels",
          [](py::handle self) { return model_of(self).settings().network.side_channels; },
          "Channels that are read beside tokens.")
      .def_property_readonly("parameters", &parameters_of_model, "Name to array, copies.")
      .def_property_readonly(
          "target_mean",
          [](py::handle self) { return array_of(model_of(self).settings().target_mean); })
      .def_property_readonly(
          "target_scale",
          [](py::handle self) { return array_of(model_of(self).settings().target_scale); })
      .def_property_readonly("operations", &operations_of, "(name, values, in_float64) of each.")
      .def_property_readonly("arrays", &arrays_of,
                             "Name to float64 array, copies: what a file has beside the network.")
      .def("predict", &predict, py::arg("values"), py::arg("offsets"), py::kw_only(),
           py::arg("spellings") = py::none(), py::arg("side") = py::none(),
           py::arg("n_jobs") = py::none(),
           "Answers, float64: (n, A), or (rows, A) for every step. values are float32 or float64.")
      .def("window_errors", &window_errors_of, py::arg("windows"), py::arg("offsets"),
           py::kw_only(), py::arg("n_jobs") = py::none(),
           "The mean absolute error of the outputs for each window from its targets, float64 (n,), "
           "NaN for one without targets.")
      .def("best_paths", &best_paths, py::arg("values"), py::arg("offsets"), py::arg("n") = 1,
           py::kw_only(), py::arg("spellings") = py::none(), py::arg("n_jobs") = py::none(),
           "The n most probable paths of labels, of a network with transitions: labels, int64 of "
           "shape (n, rows), and log-probabilities, float64 of shape (n, sequences), -inf where a "
           "sequence has fewer paths.");
}

}  // namespace skrnn::bindings
