// Layer.step: one time step, called once per sample by streaming code.
//
// A small step takes a tenth of a microsecond, less than pybind11 needs to look at its arguments.
// So this one method talks to CPython and NumPy directly: a vectorcall method that compares
// pointers if the arrays have the right type, dtype and layout, and otherwise takes the slower path
// of arrays.h, with its conversions and messages. It allocates the new state only where `out` is
// None.
#include "bind_step.h"

#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <utility>
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

Runs on the calling thread. With `out` nothing is allocated. `reverse` has no effect.

Parameters
----------
x_t : array of shape (B, I), float32
    One row of input for each sequence.
state : array of shape (B, H), float32, or a tuple of them; optional
    The state before this step: a tuple for cells of several states, as an LSTM's (h, c). None
    stands for zeros.
out : array or tuple like `state`, optional
    Where to write the new state. May be the arrays of `state`, for a step in place.

Returns
-------
state : array of shape (B, H), float32, or a tuple of them
    The state after this step; `out` itself where it was given. h is also the step's output.

Raises
------
TypeError
    For an argument that is not an array.
ValueError
    For an array of another dtype, shape or layout, and for an `out` that is read-only or whose
    arrays overlap.)";

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

// Objects that a call keeps alive until it returns: tuples and arrays that its arguments were
// converted to. On the fast path there are none.
using Owners = std::vector<py::object>;

// A matrix in the memory of a Python array, which the caller or an Owners keeps alive.
struct Matrix {
  float* data;
  std::int64_t rows;
  std::int64_t columns;

  bool overlaps(const Matrix& other) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const auto other_begin = reinterpret_cast<std::uintptr_t>(other.data);
    return begin < other_begin + other.nbytes() && other_begin < begin + nbytes();
  }
  std::size_t nbytes() const { return sizeof(float) * static_cast<std::size_t>(rows * columns); }
};

// `object` as a matrix of that shape. Throws as float32_array and float32_output do; argument()
// gives the name for messages.
template <Access access, class GetArgument>
Matrix matrix(PyObject* object, Axis rows, Axis columns, Owners& owners,
              const GetArgument& argument) {
  using py::detail::npy_api;
  constexpr int kNeeded = npy_api::NPY_ARRAY_C_CONTIGUOUS_ | npy_api::NPY_ARRAY_ALIGNED_ |
                          (access == Access::kWrite ? npy_api::NPY_ARRAY_WRITEABLE_ : 0);
  if (Py_TYPE(object) == npy_api::get().PyArray_Type_) {
    const auto& array = *py::detail::array_proxy(object);
    if (array.nd == 2 && array.dimensions[1] == columns.size &&
        (rows.size == kAny || array.dimensions[0] == rows.size) && array.descr == float32_dtype() &&
        (array.flags & kNeeded) == kNeeded) {
      return {reinterpret_cast<float*>(array.data), array.dimensions[0], columns.size};
    }
  }
  const py::array array = access == Access::kWrite
                              ? float32_output(object, argument(), {rows, columns})
                              : float32_array(object, argument(), {rows, columns});
  owners.push_back(array);
  return {reinterpret_cast<float*>(py::detail::array_proxy(array.ptr())->data), array.shape(0),
          array.shape(1)};
}

// The arrays of a state: the first `size` of `at`, with null data for None.
struct StateMatrices {
  Matrix at[kMostStates];
  std::size_t size;
};

template <Access access>
StateMatrices state_matrices(PyObject* value, const LayerObject& layer, std::int64_t batch,
                             const StateArgument& argument, Owners& owners) {
  const StateItems items = state_items(value, argument);
  if (items.owner) owners.push_back(items.owner);
  StateMatrices state;
  state.size = argument.size();
  for (std::size_t k = 0; k < state.size; ++k) {
    if (access == Access::kRead && items.arrays[k] == Py_None) {
      state.at[k] = {nullptr, 0, 0};
      continue;
    }
    state.at[k] = matrix<access>(
        items.arrays[k], {"B", batch}, {"H", layer.hidden_size}, owners,
        [&]() -> Argument { return {argument.items[k].c_str(), argument.roles[k].c_str()}; });
  }
  return state;
}

void run(const LayerObject& layer, const Matrix& x, const StateMatrices& state, float* const* out) {
  const float* from[kMostStates];
  for (std::size_t k = 0; k < state.size; ++k) from[k] = state.at[k].data;
  PyThreadState* thread = x.rows >= layer.gil_free_batch ? PyEval_SaveThread() : nullptr;
  layer.layer.step(x.rows, x.data, from, out);
  if (thread != nullptr) PyEval_RestoreThread(thread);
}

// True if the kernel may write to `out` directly. It writes an output while it still reads its
// inputs, so an output may share memory only with the very array that it replaces.
bool is_direct(const Matrix& x, const StateMatrices& state, const StateMatrices& out) {
  for (std::size_t k = 0; k < out.size; ++k) {
    if (out.at[k].overlaps(x)) return false;
    for (std::size_t j = 0; j < state.size; ++j) {
      const bool replaces = j == k && out.at[k].data == state.at[j].data;
      if (!replaces && out.at[k].overlaps(state.at[j])) return false;
    }
  }
  return true;
}

// A step that writes to `out`, through a buffer if the kernel may not write there directly.
void run_into(const LayerObject& layer, const Matrix& x, const StateMatrices& state,
              const StateMatrices& out) {
  for (std::size_t k = 1; k < out.size; ++k) {
    for (std::size_t j = 0; j < k; ++j) {
      if (!out.at[j].overlaps(out.at[k])) continue;
      throw py::value_error("out: the arrays of " + layer.out.roles[j] + " and " +
                            layer.out.roles[k] + " overlap, so they cannot hold both");
    }
  }
  float* to[kMostStates];
  if (is_direct(x, state, out)) {
    for (std::size_t k = 0; k < out.size; ++k) to[k] = out.at[k].data;
    run(layer, x, state, to);
    return;
  }
  thread_local std::vector<float> buffer;  // [states, B, H]
  const auto size = static_cast<std::size_t>(x.rows * layer.hidden_size);
  if (buffer.size() < out.size * size) buffer.resize(out.size * size);
  for (std::size_t k = 0; k < out.size; ++k) to[k] = buffer.data() + k * size;
  run(layer, x, state, to);
  for (std::size_t k = 0; k < out.size; ++k) {
    std::memcpy(out.at[k].data, to[k], size * sizeof(float));
  }
}

PyObject* step(const LayerObject& layer, const StepArguments& arguments) {
  Owners owners;
  const Matrix x = matrix<Access::kRead>(arguments.x(), {"B", kAny}, {"I", layer.input_size},
                                         owners, []() -> Argument { return {"x_t"}; });
  const StateMatrices state =
      state_matrices<Access::kRead>(arguments.state(), layer, x.rows, layer.state, owners);
  if (arguments.out() != Py_None) {
    run_into(layer, x, state,
             state_matrices<Access::kWrite>(arguments.out(), layer, x.rows, layer.out, owners));
    return Py_NewRef(arguments.out());
  }
  py::object made[kMostStates];
  float* to[kMostStates];
  for (std::size_t k = 0; k < state.size; ++k) {
    py::array array = new_float32({x.rows, layer.hidden_size});
    to[k] = mutable_data_of(array);
    made[k] = std::move(array);
  }
  run(layer, x, state, to);
  if (state.size == 1) return made[0].release().ptr();
  PyObject* tuple = PyTuple_New(static_cast<Py_ssize_t>(state.size));
  if (tuple == nullptr) throw py::error_already_set();
  for (std::size_t k = 0; k < state.size; ++k) {
    PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(k), made[k].release().ptr());
  }
  return tuple;
}

// The entry point for CPython: no C++ exception may leave it.
PyObject* layer_step_method(PyObject* self, PyObject* const* values, Py_ssize_t count,
                            PyObject* keywords) noexcept {
  return for_cpython(
      [&] { return step(unwrap_unchecked<LayerObject>(self), parse(values, count, keywords)); });
}

PyMethodDef layer_step_definition = {
    "step", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&layer_step_method)),
    METH_FASTCALL | METH_KEYWORDS, kDocumentation};

}  // namespace

void register_step(py::handle layer_type) {
  const char* names[kArguments] = {"x_t", "state", "out"};
  for (int i = 0; i < kArguments; ++i) {
    argument_names[i] = PyUnicode_InternFromString(names[i]);
    if (argument_names[i] == nullptr) throw py::error_already_set();
  }
  add_method(layer_type, layer_step_definition);
}

}  // namespace skrnn::bindings
