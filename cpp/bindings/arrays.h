// Checked access to arrays passed from Python, without copying them, and the error messages for
// arrays of another type, dtype, shape or layout.
#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <initializer_list>
#include <string>

namespace skrnn::bindings {

enum class Access { kRead, kWrite };

constexpr std::int64_t kAny = -1;

// One axis of an expected shape: its name in messages, and its size or kAny.
struct Axis {
  const char* symbol;
  std::int64_t size;
};
using Shape = std::initializer_list<Axis>;

// The name of an array in error messages: the Python expression for it, and its role if the
// expression does not show it, as in "state[0] (h0)".
struct Argument {
  const char* expression;
  const char* role = nullptr;

  std::string text() const;
};

// `object` as a NumPy array that shares its memory: itself, or through __array_interface__,
// __array__ or DLPack. Null for anything else.
pybind11::object try_array(pybind11::handle object);

// `object` as an aligned, C-contiguous float32 array of that shape. Throws TypeError if it is not
// an array, and ValueError for another dtype, shape or layout.
pybind11::array float32_array(pybind11::handle object, Argument argument, Shape shape);

// As float32_array, for writing. An object that can only return copies (__array__ alone) is
// refused.
pybind11::array float32_output(pybind11::handle object, Argument argument, Shape shape);

// A new, uninitialised array.
pybind11::array new_float32(std::initializer_list<std::int64_t> shape);

inline const float* data_of(const pybind11::array& array) {
  return static_cast<const float*>(array.data());
}
inline float* mutable_data_of(pybind11::array& array) {
  return static_cast<float*>(array.mutable_data());
}

// Returns convert(), which asks another library for an array. Its exceptions become TypeErrors that
// name the argument and the kind of object, `what`, that it cannot be read as.
template <class Convert>
pybind11::object read_as(const char* what, Argument argument, const Convert& convert) {
  try {
    return convert();
  } catch (pybind11::error_already_set& error) {
    if (!error.matches(PyExc_Exception) || error.matches(PyExc_MemoryError)) throw;
    const std::string text = argument.text() + ": cannot be read as " + what + ": " +
                             std::string(pybind11::str(error.value()));
    pybind11::raise_from(error, PyExc_TypeError, text.c_str());
    throw pybind11::error_already_set();
  }
}

// "float64 of shape (5, 2, 3)"
std::string describe(const pybind11::array& array);

// The built-in float32 dtype of NumPy, borrowed.
PyObject* float32_dtype();

}  // namespace skrnn::bindings
