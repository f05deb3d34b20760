#include "sequence_arrays.h"

#include <cmath>
#include <string>

#include "arrays.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

py::array int64_array(py::handle object, const char* name) {
  auto array = py::reinterpret_borrow<py::object>(object);
  if (!py::isinstance<py::array>(array)) {
    throw py::type_error(std::string(name) + ": expected an array of int64, got " +
                         Py_TYPE(object.ptr())->tp_name);
  }
  auto result = py::reinterpret_borrow<py::array>(array);
  if (!py::dtype::of<std::int64_t>().equal(result.dtype()) || result.ndim() != 1 ||
      (result.flags() & py::array::c_style) == 0) {
    throw py::value_error(std::string(name) + ": expected contiguous int64 of shape (n,), got " +
                          describe(result));
  }
  return result;
}

const std::int64_t* integers_of(const py::array& array) {
  return static_cast<const std::int64_t*>(array.data());
}

}  // namespace

SequenceArrays::SequenceArrays(const NetworkLayout& model, py::handle values_object,
                               py::handle offsets_object)
    : offsets(int64_array(offsets_object, "offsets")) {
  const NetworkSettings& settings = model.settings();
  const bool tokens = settings.reads_tokens();
  values = tokens ? int64_array(values_object, "values")
                  : float32_array(values_object, {"values"},
                                  {{"rows", kAny}, {"C", settings.input_size}});
  data.size = offsets.shape(0) - 1;
  data.offsets = integers_of(offsets);
  if (data.size < 1) throw py::value_error("offsets: expected one sequence at least");
  for (std::int64_t i = 0; i < data.size; ++i) {
    if (data.offsets[i] >= data.offsets[i + 1]) {
      throw py::value_error("offsets: sequence " + std::to_string(i) + " has no steps");
    }
  }
  if (data.offsets[0] != 0 || data.offsets[data.size] != values.shape(0)) {
    throw py::value_error("offsets: expected to go from 0 to " + std::to_string(values.shape(0)) +
                          ", the rows of values");
  }
  if (!tokens) {
    data.values = data_of(values);
    return;
  }
  data.tokens = integers_of(values);
  for (std::int64_t row = 0; row < values.shape(0); ++row) {
    if (data.tokens[row] < 0 || data.tokens[row] >= settings.input_size) {
      throw py::value_error("values: token " + std::to_string(data.tokens[row]) + " at row " +
                            std::to_string(row) + " is not in 0.." +
                            std::to_string(settings.input_size - 1));
    }
  }
}

TargetArrays::TargetArrays(const NetworkLayout& model, const TrainingSettings& settings,
                           std::int64_t columns, const SequenceData& data, py::handle values_object,
                           py::handle weights_object)
    : weights(py::none()) {
  const std::int64_t rows = output_rows(model.settings(), data);
  values = float32_array(values_object, {"targets"}, {{"rows", rows}, {"columns", columns}});
  targets.values = data_of(values);
  targets.columns = columns;
  if (!weights_object.is_none()) {
    const py::array array = float32_array(weights_object, {"weights"}, {{"rows", rows}});
    weights = array;
    targets.weights = data_of(array);
  }
  if (settings.loss.name != "cross_entropy") return;
  const std::int64_t classes = model.settings().output_size;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (targets.weights != nullptr && targets.weights[row] == 0.0f) continue;
    const float y = targets.values[row];
    if (!(y >= 0.0f && y < static_cast<float>(classes)) || y != std::floor(y)) {
      throw py::value_error("targets: expected a class in 0.." + std::to_string(classes - 1) +
                            ", got " + std::to_string(y) + " at row " + std::to_string(row));
    }
  }
}

}  // namespace skrnn::bindings
