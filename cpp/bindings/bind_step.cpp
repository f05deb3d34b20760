// Layer.step: one time step, called once per sample by streaming code.
//
// A small step takes a tenth of a microsecond, less than pybind11 needs to look at its arguments.
// So this one method talks to CPython and NumPy directly: a vectorcall method that compares
// pointers where the arrays are what they should be, and takes the careful path of arrays.h for
// conversions and messages where they are not. It allocates the new state only where `out` is None.
#include "bind_step.h"

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "arguments.h"
#include "arrays.h"
#include "bound.h"
#include "layer_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

constexpr const char* kDocumentation =
    R"(step($self, /, x_t, state=None, out=None)
--

Read one time step.

Runs on the calling thread. With `out` nothing is allocated. `reverse` plays no part.

Parameters
----------
x_t : array of shape (B, I), float32
    One row of input a sequence.
state : array of shape (B, H), float32, or for an LSTM a tuple (h, c) of two; optional
    The state before this step. None stands for zeros.
out : array or tuple like `state`, optional
    Where to write the new state. May be the arrays of `state`, for a step in place.

Returns
-------
state : array of shape (B, H), float32, or for an LSTM a tuple (h, c) of two
    The state after this step; `out` itself where it was given. h is also the step's output.

Raises
------
TypeError
    For an argument that is not an array.
ValueError
    For an array of another dtype, shape or layout, and for an `out` that is read-only or whose
    two arrays overlap.)";

constexpr int kArguments = 3;
PyObject* argument_names[kArguments];  // interned: x_t, state, out

struct StepArguments {
  PyObject* values[kArguments] = {nullptr, Py_None, Py_None};

  PyObject* x() const { return values[0]; }
  PyObject* state() const { return values[1]; }
  PyObject* out() const { return values[2]; }
};

int argument_index(PyObject* name) {
  for (int i = 0; i < kArguments; ++i) {
    if (name == argument_names[i]) return i;
  }
  for (int i = 0; i < kArguments; ++i) {
    if (PyUnicode_Compare(name, argument_names[i]) == 0) return i;
  }
  throw py::type_error("step() got an unexpected keyword argument " + std::string(py::repr(name)));
}

StepArguments parse(PyObject* const* values, Py_ssize_t count, PyObject* keywords) {
  StepArguments arguments;
  if (count > kArguments) {
    throw py::type_error("step() takes from 1 to 3 positional arguments but " +
                         std::to_string(count) + " were given");
  }
  for (Py_ssize_t i = 0; i < count; ++i) arguments.values[i] = values[i];
  const Py_ssize_t keyword_count = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
  for (Py_ssize_t k = 0; k < keyword_count; ++k) {
    const int i = argument_index(PyTuple_GET_ITEM(keywords, k));
    if (i < count) {
      throw py::type_error("step() got multiple values for argument " +
                           std::string(py::repr(argument_names[i])));
    }
    arguments.values[i] = values[count + k];
  }
  if (arguments.x() == nullptr) throw py::type_error("step() missing required argument 'x_t'");
  return arguments;
}

// A matrix in the memory of a Python array, which the caller keeps alive, or `owner` where the
// object had to be converted to an array first.
struct Matrix {
  float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  py::object owner;

  bool overlaps(const Matrix& other) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const auto other_begin = reinterpret_cast<std::uintptr_t>(other.data);
    return begin < other_begin + other.nbytes() && other_begin < begin + nbytes();
  }
  std::size_t nbytes() const { return sizeof(float) * static_cast<std::size_t>(rows * columns); }
};

// `object` as a matrix of that shape; see float32_array and float32_output for what it throws.
template <Access access>
Matrix matrix(PyObject* object, Argument argument, Axis rows, Axis columns) {
  using py::detail::npy_api;
  constexpr int kNeeded = npy_api::NPY_ARRAY_C_CONTIGUOUS_ | npy_api::NPY_ARRAY_ALIGNED_ |
                          (access == Access::kWrite ? npy_api::NPY_ARRAY_WRITEABLE_ : 0);
  Matrix result;
  if (Py_TYPE(object) == npy_api::get().PyArray_Type_) {
    const auto& array = *py::detail::array_proxy(object);
    if (array.nd == 2 && array.dimensions[1] == columns.size &&
        (rows.size == kAny || array.dimensions[0] == rows.size) && array.descr == float32_dtype() &&
        (array.flags & kNeeded) == kNeeded) {
      result.data = reinterpret_cast<float*>(array.data);
      result.rows = array.dimensions[0];
      result.columns = columns.size;
      return result;
    }
  }
  const py::array array = access == Access::kWrite
                              ? float32_output(object, argument, {rows, columns})
                              : float32_array(object, argument, {rows, columns});
  result.data = reinterpret_cast<float*>(py::detail::array_proxy(array.ptr())->data);
  result.rows = array.shape(0);
  result.columns = array.shape(1);
  result.owner = array;
  return result;
}

// The arrays of a state; `c` stays empty for cells that have none, and both where the state is
// None.
struct StateMatrices {
  Matrix h, c;
};

template <Access access>
StateMatrices state_matrices(const StateItems& items, const LayerObject& layer, std::int64_t batch,
                             const char* name, const char* h_name, const char* c_name) {
  const Axis rows{"B", batch};
  const Axis columns{"H", layer.hidden_size};
  const bool pair = layer.states == 2;
  StateMatrices state;
  if (access == Access::kWrite || items.h != Py_None) {
    const Argument h = pair ? Argument{h_name, "h"} : Argument{name, "h"};
    state.h = matrix<access>(items.h, h, rows, columns);
  }
  if (pair && (access == Access::kWrite || items.c != Py_None)) {
    state.c = matrix<access>(items.c, Argument{c_name, "c"}, rows, columns);
  }
  return state;
}

void run(const LayerObject& layer, const Matrix& x, const StateMatrices& state, MutableState out) {
  PyThreadState* thread = x.rows >= layer.gil_free_batch ? PyEval_SaveThread() : nullptr;
  layer.layer.step(x.rows, x.data, {state.h.data, state.c.data}, out);
  if (thread != nullptr) PyEval_RestoreThread(thread);
}

// The kernel writes an output while it still reads its inputs, so an output may share memory only
// with the very array it replaces. Others go through a buffer.
void run_into(const LayerObject& layer, const Matrix& x, const StateMatrices& state,
              const StateMatrices& out) {
  if (out.h.overlaps(out.c)) {
    throw py::value_error("out: the two arrays overlap, so they cannot hold both h and c");
  }
  const auto spoils = [](const Matrix& written, const Matrix& read) {
    return written.data != read.data && written.overlaps(read);
  };
  const bool direct =
      !out.h.overlaps(x) && !spoils(out.h, state.h) &&
      (out.c.data == nullptr || (!out.c.overlaps(x) && !spoils(out.c, state.c) &&
                                 !out.h.overlaps(state.c) && !out.c.overlaps(state.h)));
  if (direct) {
    run(layer, x, state, {out.h.data, out.c.data});
    return;
  }
  thread_local std::vector<float> buffer;  // [states, B, H]
  const auto size = static_cast<std::size_t>(x.rows * layer.hidden_size);
  if (buffer.size() < 2 * size) buffer.resize(2 * size);
  float* h = buffer.data();
  float* c = out.c.data == nullptr ? nullptr : h + size;
  run(layer, x, state, {h, c});
  std::memcpy(out.h.data, h, size * sizeof(float));
  if (c != nullptr) std::memcpy(out.c.data, c, size * sizeof(float));
}

PyObject* step(const LayerObject& layer, const StepArguments& arguments) {
  const Matrix x =
      matrix<Access::kRead>(arguments.x(), {"x_t"}, {"B", kAny}, {"I", layer.input_size});
  const StateItems state_in = state_items(arguments.state(), layer.states, "state", "(h, c)");
  const StateMatrices state =
      state_matrices<Access::kRead>(state_in, layer, x.rows, "state", "state[0]", "state[1]");
  if (arguments.out() != Py_None) {
    const StateItems state_out = state_items(arguments.out(), layer.states, "out", "(h, c)");
    run_into(layer, x, state,
             state_matrices<Access::kWrite>(state_out, layer, x.rows, "out", "out[0]", "out[1]"));
    return Py_NewRef(arguments.out());
  }
  py::array h = new_float32({x.rows, layer.hidden_size});
  if (layer.states == 1) {
    run(layer, x, state, {mutable_data_of(h), nullptr});
    return h.release().ptr();
  }
  py::array c = new_float32({x.rows, layer.hidden_size});
  run(layer, x, state, {mutable_data_of(h), mutable_data_of(c)});
  PyObject* pair = PyTuple_New(2);
  if (pair == nullptr) throw py::error_already_set();
  PyTuple_SET_ITEM(pair, 0, h.release().ptr());
  PyTuple_SET_ITEM(pair, 1, c.release().ptr());
  return pair;
}

// The method as CPython calls it: no C++ exception may leave it.
PyObject* step_method(PyObject* self, PyObject* const* values, Py_ssize_t count,
                      PyObject* keywords) noexcept {
  return for_cpython(
      [&] { return step(unwrap_unchecked<LayerObject>(self), parse(values, count, keywords)); });
}

PyMethodDef step_definition = {
    "step", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&step_method)),
    METH_FASTCALL | METH_KEYWORDS, kDocumentation};

}  // namespace

void register_step(py::handle layer_type) {
  const char* names[kArguments] = {"x_t", "state", "out"};
  for (int i = 0; i < kArguments; ++i) {
    argument_names[i] = PyUnicode_InternFromString(names[i]);
    if (argument_names[i] == nullptr) throw py::error_already_set();
  }
  auto* type = reinterpret_cast<PyTypeObject*>(layer_type.ptr());
  const auto method = py::reinterpret_steal<py::object>(PyDescr_NewMethod(type, &step_definition));
  if (!method) throw py::error_already_set();
  layer_type.attr("step") = method;
}

}  // namespace skrnn::bindings
