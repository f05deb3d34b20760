// Stream: a model that reads as data arrives, called once a sample.
//
// A small step takes less time than pybind11 needs to look at its arguments, so step talks to
// CPython and NumPy directly. Rows of steps come in as float32, float64 or integer tokens; what
// goes out is what the estimator's predict returns: labels, flags, or numbers.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "interruption.h"
#include "skrnn/stream.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

using py::detail::npy_api;

constexpr const char* kStepDocumentation =
    R"(step($self, /, x_t)
--

Read one step of every sequence, and answer as if they ended here.

Parameters
----------
x_t : array of shape (B, C)
    One row of channels a sequence; (C,) will do where there is one sequence, and (B,) where there
    is one channel. With tokens an array of shape (B,), or for one sequence an int.

Returns
-------
answer : array of shape (B,) or (B, ...)
    What predict, or the method that the stream was made for, returns for all that was read since
    the start: the same bits.

Raises
------
TypeError
    For what holds no numbers.
ValueError
    For another shape, for NaN and infinity, and for tokens that the model does not know. The
    stream stays as it was.
RuntimeError
    Where another thread is using this stream.)";

// What becomes of the answers of a row.
enum class Form {
  kNumbers,  // the first `columns` of them, in shape `row_shape`
  kLabels,   // the label of the largest
  kFlags,    // whether each is one half at least
};

struct StreamObject {
  Model model;
  Stream stream;
  Form form;
  py::array labels;         // [K], of any dtype
  std::int64_t label_size;  // bytes of one
  bool labels_are_objects;
  std::vector<py::ssize_t> row_shape;  // of one answer
  std::int64_t columns;                // its size
  std::int64_t B, C, A;
  bool tokens;
  bool prepares;                // whether operations stand before the network
  bool frees_gil;               // whether a step is long enough to let others run meanwhile
  std::vector<float> prepared;  // [B, C]
  std::vector<std::int64_t> token_rows;  // [B]
  std::atomic<bool> busy{false};

  StreamObject(const Model& m, std::int64_t batch_size, Form f, py::array l,
               std::vector<py::ssize_t> shape, std::int64_t c)
      : model(m),
        stream(m, batch_size),
        form(f),
        labels(std::move(l)),
        label_size(labels.itemsize()),
        labels_are_objects(labels.dtype().kind() == 'O'),
        row_shape(std::move(shape)),
        columns(c),
        B(batch_size),
        C(m.channels()),
        A(m.answer_size()),
        tokens(m.settings().network.embedding_size > 0),
        prepares(!m.settings().operations.empty()),
        // Some 50 microseconds of arithmetic.
        frees_gil(B * m.network().num_parameters() > 1'000'000),
        prepared(static_cast<std::size_t>(B * C)),
        token_rows(static_cast<std::size_t>(B)) {}
};

StreamObject& stream_of(py::handle self) { return unwrap<StreamObject>(self, "expected a Stream"); }

// A stream changes with every step, so two threads may not be in it at once.
class Use {
 public:
  explicit Use(StreamObject& self) : self_(self) {
    if (self.busy.exchange(true, std::memory_order_acquire)) {
      throw std::runtime_error(
          "this stream is in use by another thread; give each thread a stream of its own");
    }
  }
  ~Use() { self_.busy.store(false, std::memory_order_release); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  StreamObject& self_;
};

// ---- Input ----

// Whether all of them are finite, without branches that would keep the loop from the vector units.
bool all_finite(const float* x, std::int64_t n) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t wrong = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    wrong |= (bits & kExponent) == kExponent ? 1U : 0U;
  }
  return wrong == 0;
}

std::string shape_of_input(const StreamObject& self, bool block) {
  const std::string B = std::to_string(self.B), C = std::to_string(self.C);
  const std::string T = block ? "T, " : "", rank = block ? "(T, B" : "(B";
  std::string text =
      self.tokens ? rank + ") = (" + T + B + ")" : rank + ", C) = (" + T + B + ", " + C + ")";
  if (!self.tokens && self.B == 1) text += block ? ", or (T, C)" : ", or (C,)";
  if (!self.tokens && self.C == 1) text += block ? ", or (T, B)" : ", or (B,)";
  if (self.tokens && self.B == 1) text += block ? ", or (T,)" : ", or an int";
  return text;
}

// Whether `shape` is [T,] B, C: axes of one sequence, and after it of one channel, may be left out.
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

[[noreturn]] void refuse_shape(const StreamObject& self, const py::array& array, const char* name,
                               bool block) {
  throw py::value_error(std::string(name) + ": expected shape " + shape_of_input(self, block) +
                        ", got " + describe(array));
}

[[noreturn]] void refuse_value(const StreamObject& self, const char* name, std::int64_t i,
                               bool block, const std::string& what) {
  const std::int64_t channel = i % self.C, b = i / self.C % self.B, t = i / self.C / self.B;
  std::string where = self.tokens ? "" : "channel " + std::to_string(channel) + " of ";
  where += "sequence " + std::to_string(b);
  if (block) where += " at step " + std::to_string(t);
  throw py::value_error(std::string(name) + ": " + where + " " + what);
}

// Numbers as an array: float32 or float64, C-contiguous.
py::array number_array(py::handle object, const char* name) {
  py::object array;
  try {
    array = py::module_::import("numpy").attr("asarray")(object);
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_ValueError) && !error.matches(PyExc_TypeError)) throw;
    const std::string message = std::string(name) + ": cannot be read as an array of numbers: " +
                                std::string(py::str(error.value()));
    py::raise_from(error, PyExc_TypeError, message.c_str());
    throw py::error_already_set();
  }
  const auto result = py::reinterpret_borrow<py::array>(array);
  const char kind = result.dtype().kind();
  if (kind != 'f' && kind != 'i' && kind != 'u' && kind != 'b') {
    throw py::type_error(std::string(name) + ": expected numbers, got " + describe(result));
  }
  // As predict has it: what float32 does not hold exactly stays float64 until it is scaled.
  const bool small = result.itemsize() <= (kind == 'f' ? 4 : 2);
  using Flags = py::array;
  return small ? py::array(py::array_t<float, Flags::c_style | Flags::forcecast>(result))
               : py::array(py::array_t<double, Flags::c_style | Flags::forcecast>(result));
}

// The channels of `rows` rows as the network reads them, in `to`.
void prepare(const StreamObject& self, const py::array& array, std::int64_t rows, const char* name,
             bool block, float* to) {
  const std::int64_t n = rows * self.C;
  const bool is_double = array.itemsize() == 8;
  const auto value = [&](std::int64_t i) {
    return is_double ? static_cast<const double*>(array.data())[i]
                     : static_cast<double>(static_cast<const float*>(array.data())[i]);
  };
  for (std::int64_t i = 0; i < n; ++i) {
    if (!std::isfinite(value(i))) {
      refuse_value(self, name, i, block,
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
      refuse_value(
          self, name, i, block,
          "is " + std::string(py::str(py::float_(value(i)))) + ", too large for float32; scale it");
    }
  }
}

// Tokens from an array of integers or an int.
py::array_t<std::int64_t> token_array(py::handle object, const char* name) {
  const auto array =
      py::reinterpret_borrow<py::array>(py::module_::import("numpy").attr("asarray")(object));
  const char kind = array.dtype().kind();
  if (kind != 'i' && kind != 'u') {
    throw py::type_error(std::string(name) + ": expected integer tokens, got " + describe(array));
  }
  return py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>(array);
}

void check_tokens(const StreamObject& self, const std::int64_t* tokens, std::int64_t n,
                  const char* name, bool block) {
  const std::int64_t known = self.model.settings().network.input_size;
  for (std::int64_t i = 0; i < n; ++i) {
    if (tokens[i] < 0 || tokens[i] >= known) {
      refuse_value(self, name, i, block,
                   "is the token " + std::to_string(tokens[i]) + "; expected 0.." +
                       std::to_string(known - 1));
    }
  }
}

// ---- Output ----

py::array new_array(PyObject* dtype, int rank, const Py_intptr_t* shape) {
  const auto& api = npy_api::get();
  Py_INCREF(dtype);  // the call below takes the reference over
  PyObject* array = api.PyArray_NewFromDescr_(api.PyArray_Type_, dtype, rank, shape, nullptr,
                                              nullptr, 0, nullptr);
  if (array == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::array>(array);
}

PyObject* dtype_of(int number) { return npy_api::get().PyArray_DescrFromType_(number); }

// An array for the answers of `steps` steps, with an axis of steps where they are a block.
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

// The answers of one step to row t of that array. Needs the GIL for labels that are objects.
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

// ---- Step ----

// What a step of the right form needs no conversion for; null for anything else.
const float* float32_rows(const StreamObject& self, PyObject* object) {
  constexpr int kNeeded = npy_api::NPY_ARRAY_C_CONTIGUOUS_ | npy_api::NPY_ARRAY_ALIGNED_;
  if (Py_TYPE(object) != npy_api::get().PyArray_Type_) return nullptr;
  const auto& array = *py::detail::array_proxy(object);
  if (array.descr != float32_dtype() || (array.flags & kNeeded) != kNeeded) return nullptr;
  const bool fit = array.nd == 2 ? array.dimensions[0] == self.B && array.dimensions[1] == self.C
                                 : array.nd == 1 && self.B == 1 && array.dimensions[0] == self.C;
  return fit ? reinterpret_cast<const float*>(array.data) : nullptr;
}

template <class Run>
const double* run(const StreamObject& self, const Run& read) {
  if (!self.frees_gil) return read();
  const py::gil_scoped_release release;
  return read();
}

const double* step_tokens(StreamObject& self, PyObject* object) {
  std::int64_t* tokens = self.token_rows.data();
  if (PyLong_CheckExact(object) && self.B == 1) {
    int overflow = 0;
    tokens[0] = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0)
      throw py::value_error("x_t: " + std::string(py::repr(object)) + " is too large for a token");
  } else {
    const auto array = token_array(object, "x_t");
    std::int64_t steps;
    if (!fits(self, array, false, steps)) refuse_shape(self, array, "x_t", false);
    std::memcpy(tokens, array.data(), static_cast<std::size_t>(self.B) * sizeof(std::int64_t));
  }
  check_tokens(self, tokens, self.B, "x_t", false);
  return run(self, [&] { return self.stream.step(tokens); });
}

const double* step_channels(StreamObject& self, PyObject* object) {
  const float* rows = float32_rows(self, object);
  if (rows != nullptr && !self.prepares && all_finite(rows, self.B * self.C)) {
    return run(self, [&] { return self.stream.step_prepared(rows); });
  }
  const py::array array = number_array(object, "x_t");
  std::int64_t steps;
  if (!fits(self, array, false, steps)) refuse_shape(self, array, "x_t", false);
  prepare(self, array, self.B, "x_t", false, self.prepared.data());
  return run(self, [&] { return self.stream.step_prepared(self.prepared.data()); });
}

PyObject* step(StreamObject& self, PyObject* object) {
  py::array result = new_answers(self, 1, false);
  const Use use(self);
  const double* answers = self.tokens ? step_tokens(self, object) : step_channels(self, object);
  put(self, answers, result, 0);
  return result.release().ptr();
}

// The method as CPython calls it: no C++ exception may leave it.
PyObject* step_method(PyObject* self, PyObject* const* values, Py_ssize_t count,
                      PyObject* keywords) noexcept {
  try {
    const Py_ssize_t keyword_count = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
    if (count + keyword_count != 1) {
      throw py::type_error("step() takes one argument, x_t, but " +
                           std::to_string(count + keyword_count) + " were given");
    }
    if (keyword_count == 1 &&
        PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(keywords, 0), "x_t") != 0) {
      throw py::type_error("step() got an unexpected keyword argument " +
                           std::string(py::repr(PyTuple_GET_ITEM(keywords, 0))));
    }
    return step(unwrap_unchecked<StreamObject>(self), values[0]);
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

PyMethodDef step_definition = {
    "step", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&step_method)),
    METH_FASTCALL | METH_KEYWORDS, kStepDocumentation};

// ---- State ----

// One thing that a stream remembers, as an array.
struct Memory {
  const char* name;
  py::dtype dtype;
  std::vector<py::ssize_t> shape;
  std::vector<void*> parts;  // the array's first axis, or all of it
  std::size_t part_bytes;
};

std::vector<Memory> memories_of(StreamObject& self) {
  Stream& stream = self.stream;
  const py::ssize_t L = stream.num_layers(), B = self.B, H = stream.hidden_size();
  const auto states = static_cast<std::size_t>(B * H) * sizeof(float);
  Memory h{"h", py::dtype::of<float>(), {L, B, H}, {}, states};
  Memory c{"c", py::dtype::of<float>(), {L, B, H}, {}, states};
  for (std::int64_t layer = 0; layer < L; ++layer) {
    h.parts.push_back(stream.h(layer));
    if (stream.c(layer) != nullptr) c.parts.push_back(stream.c(layer));
  }
  std::vector<Memory> result;
  result.push_back(std::move(h));
  if (!c.parts.empty()) result.push_back(std::move(c));
  if (stream.pooled() != nullptr) {
    result.push_back({"pooled", py::dtype::of<double>(), {B, H}, {stream.pooled()}, 2 * states});
  }
  result.push_back({"steps",
                    py::dtype::of<std::int64_t>(),
                    {B},
                    {stream.steps()},
                    static_cast<std::size_t>(B) * sizeof(std::int64_t)});
  return result;
}

py::dict state_of(StreamObject& self) {
  py::dict result;
  for (const Memory& memory : memories_of(self)) {
    py::array array(memory.dtype, memory.shape);
    char* to = static_cast<char*>(array.mutable_data());
    for (const void* part : memory.parts) {
      std::memcpy(to, part, memory.part_bytes);
      to += memory.part_bytes;
    }
    result[memory.name] = array;
  }
  return result;
}

void set_state(StreamObject& self, py::handle value) {
  const std::vector<Memory> memories = memories_of(self);
  std::string names;
  for (const Memory& memory : memories)
    names += (names.empty() ? "'" : ", '") + std::string(memory.name) + "'";
  if (!PyDict_Check(value.ptr())) {
    throw py::type_error("state: expected a dict with " + names +
                         ", as another stream's state, got " + Py_TYPE(value.ptr())->tp_name);
  }
  const auto state = py::reinterpret_borrow<py::dict>(value);
  std::vector<py::array> arrays;
  for (const Memory& memory : memories) {
    if (!state.contains(memory.name) || state.size() != memories.size()) {
      throw py::value_error("state: expected " + names + ", got " +
                            std::string(py::str(py::list(state))) +
                            "; a state fits models of the same architecture");
    }
    const py::object item = state[memory.name];
    const std::string name = "state['" + std::string(memory.name) + "']";
    if (!py::isinstance<py::array>(item)) {
      throw py::type_error(name + ": expected an array, got " + Py_TYPE(item.ptr())->tp_name);
    }
    auto array = py::reinterpret_borrow<py::array>(item);
    const std::vector<py::ssize_t> shape(array.shape(), array.shape() + array.ndim());
    if (!array.dtype().equal(memory.dtype) || shape != memory.shape) {
      throw py::value_error(name + ": expected " + std::string(py::str(memory.dtype)) +
                            " of shape " + std::string(py::str(py::tuple(py::cast(memory.shape)))) +
                            ", got " + describe(array));
    }
    const py::module_ numpy = py::module_::import("numpy");
    array = numpy.attr("ascontiguousarray")(array);
    const bool wrong = numpy.attr("isnan")(array).attr("any")().cast<bool>();
    if (wrong) throw py::value_error(name + ": holds NaN");
    if (memory.shape.size() == 1 && array.attr("min")().cast<std::int64_t>() < 0) {
      throw py::value_error(name + ": a number of steps cannot be negative");
    }
    arrays.push_back(array);
  }
  for (std::size_t i = 0; i < memories.size(); ++i) {
    const char* from = static_cast<const char*>(arrays[i].data());
    for (void* part : memories[i].parts) {
      std::memcpy(part, from, memories[i].part_bytes);
      from += memories[i].part_bytes;
    }
  }
}

// ---- The other methods ----

py::array process(py::handle object, py::handle block) {
  StreamObject& self = stream_of(object);
  const py::array array =
      self.tokens ? py::array(token_array(block, "block")) : number_array(block, "block");
  std::int64_t steps;
  if (!fits(self, array, true, steps)) refuse_shape(self, array, "block", true);
  std::vector<float> rows;
  const auto* tokens = static_cast<const std::int64_t*>(array.data());
  if (self.tokens) {
    check_tokens(self, tokens, steps * self.B, "block", true);
  } else {
    rows.resize(static_cast<std::size_t>(steps * self.B * self.C));
    prepare(self, array, steps * self.B, "block", true, rows.data());
  }
  py::array result = new_answers(self, steps, true);
  const Use use(self);
  const py::dict before = state_of(self);
  std::vector<double> answers(static_cast<std::size_t>(steps * self.B * self.A));
  try {
    without_gil([&](KeepGoing keep_going, void* context) {
      const std::int64_t stride = self.B * self.A;
      for (std::int64_t t = 0; t < steps; ++t) {
        if (t % 64 == 0 && !keep_going(context)) return false;
        const double* from = self.tokens
                                 ? self.stream.step(tokens + t * self.B)
                                 : self.stream.step_prepared(rows.data() + t * self.B * self.C);
        std::memcpy(answers.data() + t * stride, from,
                    static_cast<std::size_t>(stride) * sizeof(double));
      }
      return true;
    });
  } catch (...) {
    set_state(self, before);  // answers that nobody gets were never asked for
    throw;
  }
  for (std::int64_t t = 0; t < steps; ++t)
    put(self, answers.data() + t * self.B * self.A, result, t);
  return result;
}

void reset(py::handle object, py::handle sequence) {
  StreamObject& self = stream_of(object);
  const Use use(self);
  if (sequence.is_none()) {
    self.stream.reset();
    return;
  }
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(sequence.ptr()));
  if (!index) {
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
  self.stream.reset(b);
}

std::unique_ptr<StreamObject> make_stream(py::handle model_object, std::int64_t batch_size,
                                          const py::object& labels, bool flags,
                                          const py::object& shape) {
  const auto& model = unwrap<Model>(model_object, "model: expected a Model");
  const std::int64_t A = model.answer_size();
  if (!labels.is_none()) {
    const auto array = py::array(py::module_::import("numpy").attr("ascontiguousarray")(labels));
    if (array.ndim() != 1 || array.shape(0) != A) {
      throw py::value_error("labels: expected shape (" + std::to_string(A) + ",), got " +
                            describe(array));
    }
    return std::make_unique<StreamObject>(model, batch_size, Form::kLabels, array,
                                          std::vector<py::ssize_t>(), 0);
  }
  if (flags) {
    return std::make_unique<StreamObject>(model, batch_size, Form::kFlags, py::array(),
                                          std::vector<py::ssize_t>{A}, A);
  }
  std::vector<py::ssize_t> row_shape{A};
  if (!shape.is_none()) row_shape = shape.cast<std::vector<py::ssize_t>>();
  std::int64_t columns = 1;
  for (const py::ssize_t size : row_shape) columns *= size;
  if (row_shape.size() > 3 || columns < 1 || columns > A) {
    throw py::value_error("shape: does not hold 1.." + std::to_string(A) + " values");
  }
  return std::make_unique<StreamObject>(model, batch_size, Form::kNumbers, py::array(), row_shape,
                                        columns);
}

}  // namespace

void register_stream(py::module_& m) {
  const py::metaclass type(reinterpret_cast<PyObject*>(&PyType_Type));
  py::class_<StreamObject> stream(m, "Stream", type,
                                  R"(Sequences that are read as they arrive.

Made by the `stream` method of an estimator, or of what `skrnn.runtime.load` returns. After every
step it answers as if the sequences ended there: step, process and predict give the same bits.

One thread at a time may use a stream; streams of one model may be used by as many threads as there
are streams.)");
  bound_type<StreamObject> = reinterpret_cast<PyTypeObject*>(stream.ptr());
  stream
      .def(py::init(&make_stream), py::arg("model"), py::arg("batch_size") = 1, py::kw_only(),
           py::arg("labels") = py::none(), py::arg("flags") = false, py::arg("shape") = py::none())
      .def("process", &process, py::arg("block"),
           R"(Read many steps.

Parameters
----------
block : array of shape (T, B, C)
    T steps of every sequence; (T, C) will do where there is one sequence, and (T, B) where there is
    one channel. With tokens (T, B), or (T,) where there is one sequence.

Returns
-------
answers : array of shape (T, B) or (T, B, ...)
    ``answers[t]`` is what ``step(block[t])`` returns.

Raises
------
TypeError, ValueError, RuntimeError
    As step.
KeyboardInterrupt
    On Ctrl-C. As after any other error, the stream is as it was before the call.)")
      .def("reset", &reset, py::arg("sequence") = py::none(),
           R"(Forget what was read: new sequences begin.

Parameters
----------
sequence : int, optional
    The one to forget, 0..B-1. None stands for all.)")
      .def_property(
          "state",
          [](py::handle object) {
            StreamObject& self = stream_of(object);
            const Use use(self);
            return state_of(self);
          },
          [](py::handle object, py::handle value) {
            StreamObject& self = stream_of(object);
            const Use use(self);
            set_state(self, value);
          },
          R"(What the stream remembers: a dict of arrays, which can be pickled and set again, here or
in another stream of the same model and batch size. "h" and "c" have shape (layers, B, H), float32;
"pooled" (B, H), float64, where steps are pooled; "steps" (B,), int64, counts what was read.)")
      .def_property_readonly(
          "batch_size", [](py::handle self) { return stream_of(self).B; },
          "B, the sequences that are read side by side.");

  auto* stream_type = reinterpret_cast<PyTypeObject*>(stream.ptr());
  const auto method =
      py::reinterpret_steal<py::object>(PyDescr_NewMethod(stream_type, &step_definition));
  if (!method) throw py::error_already_set();
  stream.attr("step") = method;
}

}  // namespace skrnn::bindings
