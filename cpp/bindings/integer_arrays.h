// Checked access to arrays of integers passed from Python.
#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <string>

#include "arrays.h"

namespace skrnn::bindings {

template <class T>
bool is_of(const pybind11::array& array) {
  return pybind11::dtype::of<T>().equal(array.dtype());
}

// `Types` are the integers that the array may hold, `types` their names.
template <class... Types>
pybind11::array integer_array(pybind11::handle object, const char* name, const char* types) {
  namespace py = pybind11;
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

inline pybind11::array int64_array(pybind11::handle object, const char* name) {
  return integer_array<std::int64_t>(object, name, "int64");
}

inline const std::int64_t* integers_of(const pybind11::array& array) {
  return static_cast<const std::int64_t*>(array.data());
}

}  // namespace skrnn::bindings
