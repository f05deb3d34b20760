#include "sequence_arrays.h"

#include <cmath>
#include <string>

#include "arrays.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

// T is the integer type, `type` its name.
template <class T>
py::array integer_array(py::handle object, const char* name, const char* type) {
  auto array = py::reinterpret_borrow<py::object>(object);
  if (!py::isinstance<py::array>(array)) {
    throw py::type_error(std::string(name) + ": expected an array of " + type + ", got " +
                         Py_TYPE(object.ptr())->tp_name);
  }
  auto result = py::reinterpret_borrow<py::array>(array);
  if (!py::dtype::of<T>().equal(result.dtype()) || result.ndim() != 1 ||
      (result.flags() & py::array::c_style) == 0) {
    throw py::value_error(std::string(name) + ": expected contiguous " + type +
                          " of shape (n,), got " + describe(result));
  }
  return result;
}

py::array int64_array(py::handle object, const char* name) {
  return integer_array<std::int64_t>(object, name, "int64");
}

const std::int64_t* integers_of(const py::array& array) {
  return static_cast<const std::int64_t*>(array.data());
}

// Throws unless all n numbers are in 0..count-1. `item` is what a number stands for, `place` where.
void check_range(const std::int64_t* numbers, std::int64_t n, std::int64_t count, const char* name,
                 const char* item, const char* place) {
  for (std::int64_t i = 0; i < n; ++i) {
    if (numbers[i] >= 0 && numbers[i] < count) continue;
    throw py::value_error(std::string(name) + ": " + item + " " + std::to_string(numbers[i]) +
                          " at " + place + " " + std::to_string(i) + " is not in 0.." +
                          std::to_string(count - 1));
  }
}

// Throws unless `offsets` go from 0 to `end`, the length of `of`, and each `item` is longer than 0.
void check_offsets(const std::int64_t* offsets, std::int64_t n, std::int64_t end, const char* name,
                   const char* item, const char* part, const char* of) {
  if (n < 1) throw py::value_error(std::string(name) + ": expected one " + item + " at least");
  for (std::int64_t i = 0; i < n; ++i) {
    if (offsets[i] >= offsets[i + 1]) {
      throw py::value_error(std::string(name) + ": " + item + " " + std::to_string(i) + " has no " +
                            part);
    }
  }
  if (offsets[0] != 0 || offsets[n] != end) {
    throw py::value_error(std::string(name) + ": expected to go from 0 to " + std::to_string(end) +
                          ", " + of);
  }
}

}  // namespace

SequenceArrays::SequenceArrays(const NetworkLayout& model, py::handle values_object,
                               py::handle offsets_object, py::handle spellings)
    : offsets(int64_array(offsets_object, "offsets")) {
  const NetworkSettings& settings = model.settings();
  const bool tokens = settings.reads_tokens();
  values = tokens ? int64_array(values_object, "values")
                  : float32_array(values_object, {"values"},
                                  {{"rows", kAny}, {"C", settings.input_size}});
  data.size = offsets.shape(0) - 1;
  data.offsets = integers_of(offsets);
  check_offsets(data.offsets, data.size, values.shape(0), "offsets", "sequence", "steps",
                "the rows of values");
  read_spellings(settings, spellings);
  if (!tokens) {
    data.values = data_of(values);
    return;
  }
  data.tokens = integers_of(values);
  check_range(data.tokens, values.shape(0), settings.input_size, "values", "token", "row");
}

void SequenceArrays::read_spellings(const NetworkSettings& settings, py::handle spellings) {
  if (!settings.reads_letters()) {
    if (spellings.is_none()) return;
    throw py::value_error(
        "spellings: the network does not read letters; leave them out, or give it characters");
  }
  if (spellings.is_none()) {
    throw py::value_error(
        "spellings: the network reads letters; pass (words, word_offsets, letters)");
  }
  if (!py::isinstance<py::tuple>(spellings) || py::len(spellings) != 3) {
    throw py::type_error("spellings: expected a tuple (words, word_offsets, letters), got " +
                         std::string(py::str(py::type::of(spellings).attr("__name__"))));
  }
  const auto items = py::reinterpret_borrow<py::tuple>(spellings);
  words = int64_array(items[0], "spellings: words");
  word_offsets = int64_array(items[1], "spellings: word_offsets");
  const py::array numbers = integer_array<std::int32_t>(items[2], "spellings: letters", "int32");
  const auto* from = static_cast<const std::int32_t*>(numbers.data());
  letters.assign(from, from + numbers.shape(0));

  data.num_words = word_offsets.shape(0) - 1;
  data.word_offsets = integers_of(word_offsets);
  data.letters = letters.data();
  data.words = integers_of(words);
  check_offsets(data.word_offsets, data.num_words, numbers.shape(0), "spellings: word_offsets",
                "word", "letters", "the number of letters");
  check_range(data.letters, numbers.shape(0), settings.characters, "spellings: letters", "letter",
              "place");
  if (words.shape(0) != values.shape(0)) {
    throw py::value_error("spellings: words: expected " + std::to_string(values.shape(0)) +
                          ", the rows of values, got " + std::to_string(words.shape(0)));
  }
  check_range(data.words, words.shape(0), data.num_words, "spellings: words", "word", "row");
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
