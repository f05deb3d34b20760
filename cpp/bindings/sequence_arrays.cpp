#include "sequence_arrays.h"

#include <cmath>
#include <string>

#include "arrays.h"
#include "bound.h"
#include "integer_arrays.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

py::array array_of_tokens(py::handle object) {
  return integer_array<std::uint8_t, std::uint16_t, std::int32_t, std::int64_t>(
      object, "values", "uint8, uint16, int32 or int64");
}

// Throws unless all n numbers are in 0..count-1. `item` is what a number stands for, `place` where.
template <class T>
void check_range(const T* numbers, std::int64_t n, std::int64_t count, const char* name,
                 const char* item, const char* place) {
  for (std::int64_t i = 0; i < n; ++i) {
    const auto number = static_cast<std::int64_t>(numbers[i]);
    if (number >= 0 && number < count) continue;
    throw py::value_error(std::string(name) + ": " + item + " " + std::to_string(number) + " at " +
                          place + " " + std::to_string(i) + " is not in 0.." +
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

// The tokens of an array, all of which must be below `count`; none if it is of another type.
template <class T>
Tokens tokens_of(const py::array& array, std::int64_t count) {
  if (!is_of<T>(array)) return {};
  const auto* tokens = static_cast<const T*>(array.data());
  check_range(tokens, array.shape(0), count, "values", "token", "row");
  return tokens;
}

Tokens tokens_of(const py::array& array, std::int64_t count) {
  if (const Tokens tokens = tokens_of<std::uint8_t>(array, count)) return tokens;
  if (const Tokens tokens = tokens_of<std::uint16_t>(array, count)) return tokens;
  if (const Tokens tokens = tokens_of<std::int32_t>(array, count)) return tokens;
  return tokens_of<std::int64_t>(array, count);
}

}  // namespace

SideArrays::SideArrays(const NetworkSettings& settings, py::handle object, std::int64_t n) {
  const std::int64_t K = settings.side_channels;
  if (K == 0) {
    if (object.is_none()) return;
    throw py::value_error("side: the network reads no side channels; leave them out");
  }
  if (object.is_none()) {
    throw py::value_error("side: the network reads side channels; pass (values, offsets)");
  }
  if (!py::isinstance<py::tuple>(object) || py::len(object) != 2) {
    throw py::type_error("side: expected a tuple (values, offsets), got " +
                         std::string(Py_TYPE(object.ptr())->tp_name));
  }
  const auto items = py::reinterpret_borrow<py::tuple>(object);
  values = float32_array(items[0], {"side: values"}, {{"rows", kAny}, {"K", K}});
  offsets = int64_array(items[1], "side: offsets");
  if (offsets.shape(0) != n + 1) {
    throw py::value_error("side: offsets: expected " + std::to_string(n + 1) + ", of " +
                          std::to_string(n) + " sequences, got " +
                          std::to_string(offsets.shape(0)));
  }
  check_offsets(integers_of(offsets), n, values.shape(0), "side: offsets", "sequence", "rows",
                "the rows of values");
  side = {K, data_of(values), integers_of(offsets)};
  for (std::int64_t i = 0; i < values.shape(0) * K; ++i) {
    if (std::isfinite(side.values[i])) continue;
    throw py::value_error("side: values: channel " + std::to_string(i % K) + " of row " +
                          std::to_string(i / K) + " is not finite");
  }
}

SequenceArrays::SequenceArrays(const NetworkLayout& model, py::handle values_object,
                               py::handle offsets_object, py::handle spellings, py::handle side,
                               bool ends_in_target)
    : offsets(int64_array(offsets_object, "offsets")),
      side_(model.settings(), side, offsets.shape(0) - 1) {
  data.side = side_.side;
  const NetworkSettings& settings = model.settings();
  const bool tokens = settings.reads_tokens();
  data.size = offsets.shape(0) - 1;
  data.offsets = integers_of(offsets);
  if (!tokens && PyObject_TypeCheck(values_object.ptr(), bound_type<WindowArrays>)) {
    read_windows(settings, unwrap<WindowArrays>(values_object, "values"));
    return;
  }
  if (settings.future_covariates > 0) {
    throw py::type_error("values: the network reads covariates of steps to come; pass Windows");
  }
  values = tokens ? array_of_tokens(values_object)
                  : float32_array(values_object, {"values"},
                                  {{"rows", kAny}, {"C", settings.input_size}});
  check_offsets(data.offsets, data.size, values.shape(0), "offsets", "sequence", "steps",
                "the rows of values");
  data.ends_in_target = ends_in_target;  // of channels, too, which the trainer refuses then
  read_spellings(settings, spellings);
  if (!tokens) {
    data.values = data_of(values);
    return;
  }
  data.tokens = tokens_of(values, settings.input_size);
  if (ends_in_target) take_targets_from_steps();
}

void SequenceArrays::read_windows(const NetworkSettings& settings, const WindowArrays& arrays) {
  const std::int64_t n = data.size;
  check_offsets(data.offsets, n, n < 0 ? 0 : data.offsets[n], "offsets", "window", "steps", "");
  windows = &arrays;
  data.values = data_of(arrays.numbers);
  data.windows = arrays.windows;
  data.windows.horizon = settings.horizon;
  arrays.check(settings, data, 0);
}

void SequenceArrays::take_targets_from_steps() {
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
                           std::int64_t columns, const SequenceArrays& sequences,
                           py::handle values_object, py::handle weights_object)
    : weights(py::none()) {
  const SequenceData& data = sequences.data;
  if (values_object.is_none() && data.windows) {
    if (!weights_object.is_none()) {
      throw py::value_error("weights: expected None, because targets are what follows the windows");
    }
    const std::int64_t rows = output_rows(model.settings(), data) / data.size;
    if (model.settings().pooling == Pooling::kEveryStep || settings.loss.name == "cross_entropy") {
      throw py::value_error(
          "targets: expected an array: only numbers after the end of a window follow it");
    }
    sequences.windows->check(model.settings(), data, rows * columns);
    targets.columns = columns;
    return;
  }
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
