// Input of a stream: checks of shapes, numbers and tokens, and their conversion.
#include <cmath>
#include <string>

#include "arrays.h"
#include "stream_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

using py::detail::npy_api;

constexpr int kConverted = py::array::c_style | py::array::forcecast | npy_api::NPY_ARRAY_ALIGNED_;

std::string expected_shape(const StreamObject& self, bool block) {
  const std::string B = std::to_string(self.B), C = std::to_string(self.C);
  const std::string T = block ? "T, " : "", rank = block ? "(T, B" : "(B";
  std::string text = rank + ", C) = (" + T + B + ", " + C + ")";
  if (self.tokens) text = block ? "(T, B) = (T, " + B + ")" : "(B,) = (" + B + ",)";
  if (!self.tokens && self.B == 1) text += block ? ", or (T, C)" : ", or (C,)";
  if (!self.tokens && self.C == 1) text += block ? ", or (T, B)" : ", or (B,)";
  if (self.tokens && self.B == 1) text += block ? ", or (T,)" : ", or an int";
  return text;
}

// True if the shape is ([T,] B, C), where the axis B may be left out if B is 1, and C if C is 1.
bool fits(const StreamObject& self, const py::array& array, bool block, std::int64_t& steps) {
  const auto* shape = array.shape();
  py::ssize_t rank = array.ndim(), at = 0;
  steps = 1;
  if (block) {
    if (rank < 1) return false;
    steps = shape[0];
    at = 1;
  }
  rank -= at;
  shape += at;
  const std::int64_t B = self.B, C = self.C;
  if (self.tokens) return rank == 1 ? shape[0] == B : rank == 0 && B == 1;
  if (rank == 2) return shape[0] == B && shape[1] == C;
  if (rank == 1) return (B == 1 && shape[0] == C) || (C == 1 && shape[0] == B);
  return rank == 0 && B == 1 && C == 1;
}

[[noreturn]] void refuse_value(const StreamObject& self, StreamInput input, std::int64_t i,
                               const std::string& what) {
  const std::int64_t channel = i % self.C, b = i / self.C % self.B, t = i / self.C / self.B;
  std::string where = self.tokens ? "" : "channel " + std::to_string(channel) + " of ";
  where += "sequence " + std::to_string(b);
  if (input.block) where += " at step " + std::to_string(t);
  throw py::value_error(std::string(input.name) + ": " + where + " " + what);
}

py::array as_array(py::handle object, const char* name) {
  if (Py_TYPE(object.ptr()) == npy_api::get().PyArray_Type_) {
    return py::reinterpret_borrow<py::array>(object);
  }
  return py::reinterpret_borrow<py::array>(
      read_as("an array of numbers", {name}, [&]() -> py::object {
        const py::module_ numpy = py::module_::import("numpy");
        if (numpy.attr("ma").attr("is_masked")(object).cast<bool>()) {
          throw py::value_error(
              std::string(name) +
              ": has masked values, which are missing; fill them, with .filled()");
        }
        return numpy.attr("asarray")(object);
      }));
}

}  // namespace

py::array number_array(py::handle object, const char* name) {
  const py::array result = as_array(object, name);
  const char kind = result.dtype().kind();
  if (kind != 'f' && kind != 'i' && kind != 'u' && kind != 'b') {
    throw py::type_error(std::string(name) + ": expected numbers, got " + describe(result) +
                         (kind == 'O' ? "; convert them with .astype(float)" : ""));
  }
  // As in predict, values that float32 cannot hold exactly stay float64 until they are scaled.
  const bool small = result.itemsize() <= (kind == 'f' ? 4 : 2);
  return small ? py::array(py::array_t<float, kConverted>(result))
               : py::array(py::array_t<double, kConverted>(result));
}

std::int64_t steps_of(const StreamObject& self, const py::array& array, StreamInput input) {
  std::int64_t steps = 1;
  if (!fits(self, array, input.block, steps)) {
    throw py::value_error(std::string(input.name) + ": expected shape " +
                          expected_shape(self, input.block) + ", got " + describe(array));
  }
  return steps;
}

void prepare(const StreamObject& self, const py::array& array, std::int64_t steps,
             StreamInput input, float* to) {
  const std::int64_t rows = steps * self.B, n = rows * self.C;
  const bool is_double = array.itemsize() == 8;
  const auto value = [&](std::int64_t i) {
    return is_double ? static_cast<const double*>(array.data())[i]
                     : static_cast<double>(static_cast<const float*>(array.data())[i]);
  };
  const bool fills_nan = self.model.settings().fills_nan();
  for (std::int64_t i = 0; i < n; ++i) {
    if (!std::isfinite(value(i)) && !(fills_nan && std::isnan(value(i)))) {
      refuse_value(self, input, i,
                   std::isnan(value(i)) ? "is NaN, which would spoil all that follows; fill it"
                                        : "is infinite; clip it");
    }
  }
  if (is_double) {
    self.model.prepare(rows, static_cast<const double*>(array.data()), to);
  } else {
    self.model.prepare(rows, static_cast<const float*>(array.data()), to);
  }
  for (std::int64_t i = 0; i < n; ++i) {
    if (!std::isfinite(to[i])) {
      const std::string filled = std::isnan(value(i)) ? ", and what fills it is" : ",";
      refuse_value(self, input, i,
                   "is " + std::string(py::str(py::float_(value(i)))) + filled +
                       " too large for float32; scale it");
    }
  }
}

py::array_t<std::int64_t> token_array(py::handle object, const char* name) {
  const py::array array = as_array(object, name);
  const char kind = array.dtype().kind();
  if (kind != 'i' && kind != 'u') {
    throw py::type_error(std::string(name) + ": expected integer tokens, got " + describe(array));
  }
  const auto tokens = py::array_t<std::int64_t, kConverted>(array);
  if (kind == 'u') {
    for (py::ssize_t i = 0; i < tokens.size(); ++i) {
      if (tokens.data()[i] >= 0) continue;
      throw py::value_error(std::string(name) + ": " +
                            std::to_string(static_cast<std::uint64_t>(tokens.data()[i])) +
                            " is too large for a token");
    }
  }
  return tokens;
}

namespace {

std::int64_t token_of(py::handle object, StreamInput input) {
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
  if (!index) {
    PyErr_Clear();
    throw py::type_error(std::string(input.name) +
                         ": expected an int as the token of a word, got " +
                         Py_TYPE(object.ptr())->tp_name);
  }
  int overflow = 0;
  const std::int64_t token = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0) {
    throw py::value_error(std::string(input.name) + ": " + std::string(py::repr(index)) +
                          " is too large for a token");
  }
  return token;
}

void append_word(const StreamObject& self, py::handle object, StreamInput input, StreamWords& to) {
  if (!py::isinstance<py::tuple>(object) || py::len(object) != 2) {
    throw py::type_error(std::string(input.name) +
                         ": expected a tuple (token, letters) for each sequence, got " +
                         std::string(py::repr(object)));
  }
  const auto word = py::reinterpret_borrow<py::tuple>(object);
  const auto place = static_cast<std::int64_t>(to.tokens.size());
  to.tokens.push_back(token_of(word[0], input));
  if (PyObject_Size(word[1].ptr()) == 0) {
    refuse_value(self, input, place, "has no letters; expected one at least");
  }
  PyErr_Clear();  // of what has no length
  const auto letters = token_array(word[1], input.name);
  const std::int64_t known = self.model.settings().network.characters;
  if (letters.ndim() != 1) {
    refuse_value(self, input, place,
                 "has letters of another shape than (n,): " + describe(letters));
  }
  for (py::ssize_t i = 0; i < letters.size(); ++i) {
    const std::int64_t letter = letters.data()[i];
    if (letter < 0 || letter >= known) {
      refuse_value(self, input, place,
                   "has the letter " + std::to_string(letter) + "; expected 0.." +
                       std::to_string(known - 1));
    }
    to.letters.push_back(letter);
  }
  to.word_offsets.push_back(static_cast<std::int64_t>(to.letters.size()));
}

}  // namespace

void append_words(const StreamObject& self, py::handle step, StreamInput input, StreamWords& to) {
  if (self.B == 1 && py::isinstance<py::tuple>(step)) {
    append_word(self, step, input, to);
    return;
  }
  if (!py::isinstance<py::list>(step) || static_cast<std::int64_t>(py::len(step)) != self.B) {
    throw py::type_error(std::string(input.name) + ": expected a list of " +
                         std::to_string(self.B) + " tuples (token, letters), got " +
                         std::string(py::repr(step)));
  }
  for (const py::handle word : step) append_word(self, word, input, to);
}

std::int64_t sequence_of(const StreamObject& self, py::handle sequence) {
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(sequence.ptr()));
  if (!index) {
    if (PyErr_ExceptionMatches(PyExc_TypeError) == 0) throw py::error_already_set();
    PyErr_Clear();
    throw py::type_error("sequence: expected an int or None, got " +
                         std::string(Py_TYPE(sequence.ptr())->tp_name));
  }
  int overflow = 0;
  const long long b = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0 || b < 0 || b >= self.B) {
    throw py::value_error("sequence: expected 0.." + std::to_string(self.B - 1) + " or None, got " +
                          std::string(py::str(index)));
  }
  return b;
}

void check_tokens(const StreamObject& self, const std::int64_t* tokens, std::int64_t steps,
                  StreamInput input) {
  const std::int64_t known = self.model.settings().network.input_size;
  for (std::int64_t i = 0; i < steps * self.B; ++i) {
    if (tokens[i] < 0 || tokens[i] >= known) {
      refuse_value(self, input, i,
                   "is the token " + std::to_string(tokens[i]) + "; expected 0.." +
                       std::to_string(known - 1));
    }
  }
}

}  // namespace skrnn::bindings
