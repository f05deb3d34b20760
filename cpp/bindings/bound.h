// From a Python object to the C++ object inside it.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <new>
#include <string>

namespace skrnn::bindings {

// The Python type of T, set where T is registered.
template <class T>
inline PyTypeObject* bound_type = nullptr;

// The T inside `object`, which must be an instance of bound_type<T>. pybind11's own casters would
// hand out uninitialised memory for an instance whose __init__ never ran; this throws TypeError.
template <class T>
T& unwrap_unchecked(PyObject* object) {
  auto* instance = reinterpret_cast<pybind11::detail::instance*>(object);
  void* value = instance->simple_layout
                    ? instance->simple_value_holder[0]
                    : instance->get_value_and_holder().template value_ptr<void>();
  if (value == nullptr) {
    throw pybind11::type_error(std::string(Py_TYPE(object)->tp_name) +
                               ".__init__() has not been called on this object");
  }
  return *static_cast<T*>(value);
}

template <class T>
T& unwrap(pybind11::handle object, const char* expected) {
  if (!PyObject_TypeCheck(object.ptr(), bound_type<T>)) {
    throw pybind11::type_error(std::string(expected) + ", got " + Py_TYPE(object.ptr())->tp_name);
  }
  return unwrap_unchecked<T>(object.ptr());
}

// A new Python type for T. Its metaclass is plain `type`, not pybind11's: unwrap checks that
// __init__ ran.
template <class T, class... Extra>
pybind11::class_<T> bind_class(pybind11::module_& m, const char* name, const char* documentation,
                               const Extra&... extra) {
  const pybind11::metaclass type(reinterpret_cast<PyObject*>(&PyType_Type));
  pybind11::class_<T> bound(m, name, type, documentation, extra...);
  bound_type<T> = reinterpret_cast<PyTypeObject*>(bound.ptr());
  return bound;
}

// Adds to a Python type a method that CPython calls directly. `definition` must live as long as the
// type.
inline void add_method(pybind11::handle type, PyMethodDef& definition) {
  const auto method = pybind11::reinterpret_steal<pybind11::object>(
      PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &definition));
  if (!method) throw pybind11::error_already_set();
  type.attr(definition.ml_name) = method;
}

// Returns call(), for a function that CPython calls directly. No C++ exception may leave such a
// function: exceptions are set as Python's, and null is returned.
template <class Call>
PyObject* for_cpython(const Call& call) noexcept {
  try {
    return call();
  } catch (pybind11::error_already_set& error) {
    error.restore();
  } catch (const pybind11::builtin_exception& error) {
    error.set_error();
  } catch (const std::bad_alloc& error) {
    PyErr_SetString(PyExc_MemoryError, error.what());
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

}  // namespace skrnn::bindings
