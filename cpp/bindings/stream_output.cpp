// Output of a stream: labels, multilabel indicators or numbers.
#include <cstring>

#include "stream_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

using py::detail::npy_api;

py::array new_array(PyObject* dtype, int rank, const Py_intptr_t* shape) {
  const auto& api = npy_api::get();
  Py_INCREF(dtype);  // the call below steals the reference
  PyObject* array = api.PyArray_NewFromDescr_(api.PyArray_Type_, dtype, rank, shape, nullptr,
                                              nullptr, 0, nullptr);
  if (array == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::array>(array);
}

PyObject* dtype_of(int number) { return npy_api::get().PyArray_DescrFromType_(number); }

}  // namespace

py::array new_answers(const StreamObject& self, std::int64_t steps, bool block) {
  static PyObject* const float64 = dtype_of(npy_api::NPY_DOUBLE_);
  static PyObject* const int64 = dtype_of(npy_api::NPY_INT64_);
  constexpr std::size_t kMostAxes = 8;
  Py_intptr_t shape[kMostAxes];
  int rank = 0;
  if (block) shape[rank++] = static_cast<Py_intptr_t>(steps);
  shape[rank++] = static_cast<Py_intptr_t>(self.B);
  for (const py::ssize_t size : self.row_shape) shape[rank++] = size;
  PyObject* dtype = self.form == Form::kNumbers ? float64
                    : self.form == Form::kFlags ? int64
                                                : py::detail::array_proxy(self.labels.ptr())->descr;
  return new_array(dtype, rank, shape);
}

void put(const StreamObject& self, const double* answers, py::array& to, std::int64_t t) {
  const std::int64_t at = t * self.B;
  char* row = py::detail::array_proxy(to.ptr())->data;
  for (std::int64_t b = 0; b < self.B; ++b, answers += self.A) {
    if (self.form == Form::kNumbers) {
      std::memcpy(row + (at + b) * self.columns * 8, answers,
                  static_cast<std::size_t>(self.columns) * sizeof(double));
    } else if (self.form == Form::kFlags) {
      auto* flags = reinterpret_cast<std::int64_t*>(row) + (at + b) * self.A;
      for (std::int64_t k = 0; k < self.A; ++k) flags[k] = answers[k] >= 0.5 ? 1 : 0;
    } else {
      std::int64_t most = 0;
      for (std::int64_t k = 1; k < self.A; ++k) most = answers[k] > answers[most] ? k : most;
      const std::int64_t size = self.label_size;
      const char* label = static_cast<const char*>(self.labels.data()) + most * size;
      char* place = row + (at + b) * size;
      if (self.labels_are_objects) {
        PyObject* object = *reinterpret_cast<PyObject* const*>(label);
        Py_INCREF(object);
        Py_XDECREF(*reinterpret_cast<PyObject**>(place));
        *reinterpret_cast<PyObject**>(place) = object;
      } else {
        std::memcpy(place, label, static_cast<std::size_t>(size));
      }
    }
  }
}

}  // namespace skrnn::bindings
