#include "arrays.h"

#include <vector>

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

py::detail::PyArray_Proxy& proxy(const py::array& array) {
  return *py::detail::array_proxy(array.ptr());
}

std::string joined(const std::string* items, std::size_t count) {
  std::string text = "(";
  for (std::size_t i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + items[i];
  return text + (count == 1 ? ",)" : ")");
}

std::string shape_text(const py::array& array) {
  std::vector<std::string> sizes;
  for (py::ssize_t d = 0; d < array.ndim(); ++d) sizes.push_back(std::to_string(array.shape(d)));
  return joined(sizes.data(), sizes.size());
}

// "(B, H) = (2, 64)" where every size is known, otherwise "(T, B, I) with I = 3".
std::string shape_text(Shape shape) {
  std::vector<std::string> symbols, sizes;
  std::string known;
  for (const Axis& axis : shape) {
    symbols.push_back(axis.symbol);
    if (axis.size == kAny) continue;
    sizes.push_back(std::to_string(axis.size));
    known += (known.empty() ? " with " : ", ") + symbols.back() + " = " + sizes.back();
  }
  const std::string text = joined(symbols.data(), symbols.size());
  if (sizes.size() == shape.size()) return text + " = " + joined(sizes.data(), sizes.size());
  return text + known;
}

bool fits(const py::array& array, Shape shape) {
  if (array.ndim() != static_cast<py::ssize_t>(shape.size())) return false;
  py::ssize_t d = 0;
  for (const Axis& axis : shape) {
    const std::int64_t size = array.shape(d++);
    if (axis.size != kAny && axis.size != size) return false;
  }
  return true;
}

// The fix for an array that does not fit. Conversion is no fix for an output: the result would be
// written to the converted copy.
std::string hint(Access access, const std::string& conversion) {
  return access == Access::kRead ? conversion : "pass a C-contiguous float32 array to write into";
}

[[noreturn]] void refuse_type(py::handle object, Argument argument, Shape shape, Access access) {
  std::string message = argument.text() + ": expected a float32 array of shape " +
                        shape_text(shape) + ", got " + Py_TYPE(object.ptr())->tp_name;
  if (PyList_Check(object.ptr())) {
    message += "; " + hint(access, "convert it with np.asarray(" +
                                       std::string(argument.expression) + ", dtype=np.float32)");
  }
  throw py::type_error(message);
}

void check(const py::array& array, Argument argument, Shape shape, Access access) {
  using py::detail::npy_api;
  const std::string expression = argument.expression;
  const int flags = proxy(array).flags;
  if (!npy_api::get().PyArray_EquivTypes_(proxy(array).descr, float32_dtype())) {
    throw py::value_error(
        argument.text() + ": expected a float32 array of shape " + shape_text(shape) + ", got " +
        describe(array) + "; " +
        hint(access, "convert it with np.asarray(" + expression + ", dtype=np.float32)"));
  }
  if (!fits(array, shape)) {
    throw py::value_error(argument.text() + ": expected shape " + shape_text(shape) + ", got " +
                          shape_text(array));
  }
  if (!(flags & npy_api::NPY_ARRAY_C_CONTIGUOUS_)) {
    throw py::value_error(argument.text() + ": expected a C-contiguous array, got strides " +
                          std::string(py::str(array.attr("strides"))) + " for shape " +
                          shape_text(array) + "; " +
                          hint(access, "use np.ascontiguousarray(" + expression + ")"));
  }
  if (!(flags & npy_api::NPY_ARRAY_ALIGNED_)) {
    throw py::value_error(argument.text() + ": expected an aligned array; " +
                          hint(access, "use " + expression + ".copy()"));
  }
}

constexpr const char* kArray = "a NumPy array";

bool has(py::handle object, const char* attribute) {
  return !PyType_Check(object.ptr()) && py::hasattr(object, attribute);
}

}  // namespace

std::string Argument::text() const {
  return role == nullptr ? expression : std::string(expression) + " (" + role + ")";
}

PyObject* float32_dtype() {
  static PyObject* const dtype =
      py::detail::npy_api::get().PyArray_DescrFromType_(py::detail::npy_api::NPY_FLOAT_);
  return dtype;
}

std::string describe(const py::array& array) {
  return std::string(py::str(array.dtype())) + " of shape " + shape_text(array);
}

py::object try_array(py::handle object) {
  if (py::isinstance<py::array>(object)) return py::reinterpret_borrow<py::object>(object);
  if (has(object, "__array_interface__") || has(object, "__array__")) {
    return py::module_::import("numpy").attr("asarray")(object);
  }
  if (has(object, "__dlpack__")) return py::module_::import("numpy").attr("from_dlpack")(object);
  return {};
}

py::array float32_array(py::handle object, Argument argument, Shape shape) {
  const py::object array = read_as(kArray, argument, [&] { return try_array(object); });
  if (!array) refuse_type(object, argument, shape, Access::kRead);
  check(py::reinterpret_borrow<py::array>(array), argument, shape, Access::kRead);
  return py::reinterpret_borrow<py::array>(array);
}

py::array float32_output(py::handle object, Argument argument, Shape shape) {
  // Not through __array__, which may return a copy.
  const py::object shared = read_as(kArray, argument, [&]() -> py::object {
    if (py::isinstance<py::array>(object)) return py::reinterpret_borrow<py::object>(object);
    const py::module_ numpy = py::module_::import("numpy");
    if (has(object, "__array_interface__")) return numpy.attr("asarray")(object);
    if (has(object, "__dlpack__")) return numpy.attr("from_dlpack")(object);
    return {};
  });
  if (!shared) refuse_type(object, argument, shape, Access::kWrite);
  py::array array = py::reinterpret_borrow<py::array>(shared);
  check(array, argument, shape, Access::kWrite);
  if (!array.writeable()) {
    throw py::value_error(argument.text() + ": the array is read-only; pass a writeable one");
  }
  return array;
}

py::array new_float32(std::initializer_list<std::int64_t> shape) {
  const auto& api = py::detail::npy_api::get();
  Py_intptr_t sizes[3];
  int rank = 0;
  for (const std::int64_t size : shape) sizes[rank++] = static_cast<Py_intptr_t>(size);
  Py_INCREF(float32_dtype());  // the call below steals the reference
  PyObject* array = api.PyArray_NewFromDescr_(api.PyArray_Type_, float32_dtype(), rank, sizes,
                                              nullptr, nullptr, 0, nullptr);
  if (array == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::array>(array);
}

}  // namespace skrnn::bindings
