#include "sequence_arrays.h"

#include <cmath>
#include <string>

#include "arrays.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

template <class T>
bool is_of(const py::array& array) {
  return py::dtype::of<T>().equal(array.dtype());
}

template <class... Types>
py::array integer_array(py::handle object, const char* name, const char* types) {
  if (!py::isinstance<py::array>(object)) {
    throw py::type_error(std::string(name) + ": expected an array of " + types + ", got " +
                         Py_TYPE(object.ptr())->tp_name);
  }
  auto result = py::reinterpret_borrow<py::array>(object);
  constexpr int kInOneRun = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  if (!(is_of<Types>(result) || ...) || result.ndim() != 1 ||
      (result.flags() & kInOneRun) != kInOneRun) {
    throw py::value_error(std::string(name) + ": expected contiguous " + types +
                          " of shape (n,), got " + describe(result));
  }
  return result;
}

py::array token_array(py::handle object) {
  return integer_array<std::uint8_t, std::uint16_t, std::int32_t, std::int64_t>(
      object, "values", "uint8, uint16, int32 or int64");
}

// The tokens of an array, all of which must be below `count`; none if it is of another type.
template <class T>
Tokens tokens_of(const py::array& array, std::int64_t count) {
  if (!is_of<T>(array)) return {};
  const auto* tokens = static_cast<const T*>(array.data());
  for (py::ssize_t row = 0; row < array.shape(0); ++row) {
    const auto token = static_cast<std::int64_t>(tokens[row]);
    if (token < 0 || token >= count) {
      throw py::value_error("values: token " + std::to_string(token) + " at row " +
                            std::to_string(row) + " is not in 0.." + std::to_string(count - 1));
    }
  }
  return tokens;
}

Tokens tokens_of(const py::array& array, std::int64_t count) {
  if (const Tokens tokens = tokens_of<std::uint8_t>(array, count)) return tokens;
  if (const Tokens tokens = tokens_of<std::uint16_t>(array, count)) return tokens;
  if (const Tokens tokens = tokens_of<std::int32_t>(array, count)) return tokens;
  return tokens_of<std::int64_t>(array, count);
}

}  // namespace

SequenceArrays::SequenceArrays(const NetworkLayout& model, py::handle values_object,
                               py::handle offsets_object, bool ends_in_target)
    : offsets(integer_array<std::int64_t>(offsets_object, "offsets", "int64")) {
  const NetworkSettings& settings = model.settings();
  const bool tokens = settings.reads_tokens();
  values = tokens ? token_array(values_object)
                  : float32_array(values_object, {"values"},
                                  {{"rows", kAny}, {"C", settings.input_size}});
  data.size = offsets.shape(0) - 1;
  data.offsets = static_cast<const std::int64_t*>(offsets.data());
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
  data.ends_in_target = ends_in_target;  // of channels, too, which the trainer refuses then
  if (!tokens) {
    data.values = data_of(values);
    return;
  }
  data.tokens = tokens_of(values, settings.input_size);
  if (!ends_in_target) return;
  step_offsets_.assign(data.offsets, data.offsets + data.size + 1);
  for (std::int64_t i = 0; i <= data.size; ++i) {
    step_offsets_[i] -= i;
    if (i > 0 && step_offsets_[i - 1] == step_offsets_[i]) {
      throw py::value_error("offsets: sequence " + std::to_string(i - 1) +
                            " has one token; without targets, each needs two at least: a step, and "
                            "the next token as its target");
    }
  }
  data.offsets = step_offsets_.data();
}

TargetArrays::TargetArrays(const NetworkLayout& model, const TrainingSettings& settings,
                           std::int64_t columns, const SequenceData& data, py::handle values_object,
                           py::handle weights_object)
    : weights(py::none()) {
  if (values_object.is_none()) {
    if (weights_object.is_none()) return;
    throw py::value_error("weights: expected None, because targets are None: the next tokens");
  }
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
