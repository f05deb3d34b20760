// Stream: a model that reads one step at a time, called once for each sample.
//
// A small step takes less time than pybind11 needs to look at its arguments, so step talks to
// CPython and NumPy directly. The input is float32, float64 or integer tokens; the output is that
// of the estimator's predict: labels, multilabel indicators or numbers.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "exclusive_use.h"
#include "interruption.h"
#include "stream_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

using py::detail::npy_api;

constexpr const char* kStepDocumentation =
    R"(step($self, /, x_t, *, context=None)
--

Read one step of every sequence, and predict as if the sequences ended here.

Parameters
----------
x_t : array of shape (B, C)
    One row of channels for each sequence; (C,) is accepted for one sequence, and (B,) for one
    channel. With tokens an array of shape (B,), or for one sequence an int. Where the letters of
    words are read, too, a list of B tuples (token, letters), or for one sequence a tuple. Channels
    are taken in the order of fit: column names of a data frame are ignored.
context : array of shape (B, K), optional
    For a language model that was fitted with a context, and needed there: for each sequence the
    vector of the token that is to be predicted. (K,) is accepted for one sequence. The first token
    of a text has the vector that `reset` was given, else that of this step.

Returns
-------
answer : array of shape (B,) or (B, ...)
    The prediction for all steps since the start: the same bits as predict, or the method that the
    stream was made for, returns for them.

Raises
------
TypeError
    If `x_t` or `context` does not hold numbers.
ValueError
    For another shape, for NaN that no imputer fills, for infinity, for tokens that the model does
    not know, and for a context that is missing or that the model does not read. The stream is then
    unchanged.
RuntimeError
    If another thread is using this stream.)";

StreamObject& stream_of(py::handle self) { return unwrap<StreamObject>(self, "expected a Stream"); }

ExclusiveUse use_alone(StreamObject& self) {
  return {self.busy,
          "this stream is in use by another thread; give each thread a stream of its own"};
}

// ---- Step ----

constexpr StreamInput kStep = {"x_t", false};
constexpr StreamInput kBlock = {"block", true};

// True if all n values are finite. Without branches, so that compilers vectorise the loop.
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

// The data of an array that needs no conversion; null for any other object.
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
    const auto array = token_array(object, kStep.name);
    steps_of(self, array, kStep);
    std::memcpy(tokens, array.data(), static_cast<std::size_t>(self.B) * sizeof(std::int64_t));
  }
  check_tokens(self, tokens, 1, kStep);
  return run(self, [&] {
    begin_texts(self, 0, self.B);
    return self.stream.step(tokens);
  });
}

const double* step_words(StreamObject& self, PyObject* object) {
  StreamWords words;
  append_words(self, object, kStep, words);
  check_tokens(self, words.tokens.data(), 1, kStep);
  return run(self, [&] {
    return self.stream.step(words.tokens.data(), words.word_offsets.data(), words.letters.data());
  });
}

const double* step_channels(StreamObject& self, PyObject* object) {
  const float* rows = self.prepares ? nullptr : float32_rows(self, object);
  if (rows != nullptr && self.frees_gil) {
    std::copy_n(rows, self.B * self.C, self.prepared.data());
    rows = self.prepared.data();  // other threads may write to x_t meanwhile
  }
  if (rows != nullptr && all_finite(rows, self.B * self.C)) {
    return run(self, [&] { return self.stream.step_prepared(rows); });
  }
  const py::array array = number_array(object, kStep.name);
  steps_of(self, array, kStep);
  prepare(self, array, 1, kStep, self.prepared.data());
  return run(self, [&] { return self.stream.step_prepared(self.prepared.data()); });
}

PyObject* step(StreamObject& self, PyObject* object, PyObject* context) {
  py::array result = new_answers(self, 1, false);
  const ExclusiveUse use = use_alone(self);
  if (self.side_channels > 0 || context != Py_None) {  // saves most models a call
    read_context(self, context, self.B, false, 1, self.stream.side());
  }
  const double* answers = self.letters  ? step_words(self, object)
                          : self.tokens ? step_tokens(self, object)
                                        : step_channels(self, object);
  put(self, answers, result, 0);
  return result.release().ptr();
}

PyObject* stream_step_method(PyObject* self, PyObject* const* values, Py_ssize_t count,
                             PyObject* keywords) noexcept {
  return for_cpython([&] {
    if (count == 1 && keywords == nullptr) {  // as in nearly all calls
      return step(unwrap_unchecked<StreamObject>(self), values[0], Py_None);
    }
    PyObject* x_t = count == 1 ? values[0] : nullptr;
    PyObject* context = Py_None;
    const Py_ssize_t keyword_count = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
    Py_ssize_t others = count;  // arguments that are not the context
    for (Py_ssize_t i = 0; i < keyword_count; ++i) {
      PyObject* name = PyTuple_GET_ITEM(keywords, i);
      if (PyUnicode_CompareWithASCIIString(name, "context") == 0) {
        context = values[count + i];
        continue;
      }
      if (PyUnicode_CompareWithASCIIString(name, "x_t") != 0) {
        throw py::type_error("step() got an unexpected keyword argument " +
                             std::string(py::repr(name)));
      }
      x_t = values[count + i];
      ++others;
    }
    if (others != 1) {
      throw py::type_error("step() takes one argument, x_t, but " + std::to_string(others) +
                           " were given");
    }
    return step(unwrap_unchecked<StreamObject>(self), x_t, context);
  });
}

PyMethodDef stream_step_definition = {
    "step", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&stream_step_method)),
    METH_FASTCALL | METH_KEYWORDS, kStepDocumentation};

// ---- The other methods ----

py::array process(py::handle object, py::handle block, py::handle context) {
  StreamObject& self = stream_of(object);
  std::int64_t steps = 0;
  // Copies: other threads may write to `block`.
  std::vector<float> rows;
  StreamWords words;
  if (self.letters) {
    for (const py::handle x_t : block) {
      append_words(self, x_t, kBlock, words);
      ++steps;
    }
  } else if (self.tokens) {
    const auto array = token_array(block, kBlock.name);
    steps = steps_of(self, array, kBlock);
    words.tokens.assign(array.data(), array.data() + array.size());
  } else {
    const py::array array = number_array(block, kBlock.name);
    steps = steps_of(self, array, kBlock);
    rows.resize(static_cast<std::size_t>(steps * self.B * self.C));
    prepare(self, array, steps, kBlock, rows.data());
  }
  if (self.tokens) check_tokens(self, words.tokens.data(), steps, kBlock);
  const std::int64_t side = self.B * self.side_channels;
  std::vector<float> vectors(static_cast<std::size_t>(steps * side));
  read_context(self, context, self.B, true, steps, vectors.data());
  const auto step = [&](std::int64_t t) {
    if (side > 0) std::copy_n(vectors.data() + t * side, side, self.stream.side());
    if (t == 0) begin_texts(self, 0, self.B);
    const std::int64_t* tokens = words.tokens.data() + t * self.B;
    if (self.letters) {
      return self.stream.step(tokens, words.word_offsets.data() + t * self.B, words.letters.data());
    }
    return self.tokens ? self.stream.step(tokens)
                       : self.stream.step_prepared(rows.data() + t * self.B * self.C);
  };
  py::array result = new_answers(self, steps, true);
  const ExclusiveUse use = use_alone(self);
  const py::dict before = state_of(self);
  std::vector<double> answers(static_cast<std::size_t>(steps * self.B * self.A));
  try {
    without_gil([&](KeepGoing keep_going, void* of_caller) {
      const std::int64_t stride = self.B * self.A;
      for (std::int64_t t = 0; t < steps; ++t) {
        if ((self.frees_gil || t % 64 == 0) && !keep_going(of_caller)) return false;
        std::memcpy(answers.data() + t * stride, step(t),
                    static_cast<std::size_t>(stride) * sizeof(double));
      }
      return true;
    });
  } catch (...) {
    restore_state(self, before);  // without its answers, the call must have no effect
    throw;
  }
  for (std::int64_t t = 0; t < steps; ++t)
    put(self, answers.data() + t * self.B * self.A, result, t);
  return result;
}

void reset(py::handle object, py::handle sequence, py::handle context) {
  StreamObject& self = stream_of(object);
  const bool all = sequence.is_none();
  const std::int64_t first = all ? 0 : sequence_of(self, sequence), count = all ? self.B : 1;
  std::vector<float> vectors(static_cast<std::size_t>(count * self.side_channels));
  if (!context.is_none()) read_context(self, context, count, false, 1, vectors.data());
  const ExclusiveUse use = use_alone(self);
  for (std::int64_t b = first; b < first + count; ++b) self.stream.reset(b);
  if (context.is_none()) return;
  std::copy(vectors.begin(), vectors.end(), self.stream.side() + first * self.side_channels);
  begin_texts(self, first, first + count);
}

std::unique_ptr<StreamObject> make_stream(py::handle model_object, std::int64_t batch_size,
                                          const py::object& labels, bool flags,
                                          const py::object& shape, py::handle boundary) {
  const auto& model = unwrap<Model>(model_object, "model: expected a Model");
  const std::int64_t A = model.answer_size();
  Form form = flags ? Form::kFlags : Form::kNumbers;
  py::array array;
  std::vector<py::ssize_t> row_shape{A};
  std::int64_t columns = A;
  if (!labels.is_none()) {
    array = py::array(py::module_::import("numpy").attr("ascontiguousarray")(labels));
    if (array.ndim() != 1 || array.shape(0) != A) {
      throw py::value_error("labels: expected shape (" + std::to_string(A) + ",), got " +
                            describe(array));
    }
    // Labels are copied as bytes, which would be wrong for items that own memory elsewhere.
    if (array.dtype().attr("hasobject").cast<bool>() && array.dtype().kind() != 'O') {
      throw py::type_error("labels: expected plain values or objects, got " + describe(array));
    }
    form = Form::kLabels;
    row_shape.clear();
    columns = 0;
  } else if (!flags && !shape.is_none()) {
    row_shape = shape.cast<std::vector<py::ssize_t>>();
    columns = 1;
    for (const py::ssize_t size : row_shape) columns = size < 1 || size > A ? 0 : columns * size;
    if (row_shape.size() > 3 || columns < 1 || columns > A) {
      throw py::value_error("shape: does not hold 1.." + std::to_string(A) + " values");
    }
  }
  auto made = std::make_unique<StreamObject>(model, batch_size, form, array, row_shape, columns);
  set_boundary(*made, boundary);
  return made;
}

}  // namespace

void register_stream(py::module_& m) {
  auto stream = bind_class<StreamObject>(m, "Stream",
                                         R"(Sequences that are read as they arrive.

Made by the `stream` method of an estimator, or of a model from `skrnn.runtime.load`. After every
step it predicts as if the sequences ended there: step, process and predict give the same bits. Of
a language model it reads the token `boundary` before the first one of every text.

One thread at a time may use a stream; streams of one model may be used by as many threads as there
are streams.)");
  stream
      .def(py::init(&make_stream), py::arg("model"), py::arg("batch_size") = 1, py::kw_only(),
           py::arg("labels") = py::none(), py::arg("flags") = false, py::arg("shape") = py::none(),
           py::arg("boundary") = py::none())
      .def("process", &process, py::arg("block"), py::kw_only(), py::arg("context") = py::none(),
           R"(Read many steps.

Parameters
----------
block : array of shape (T, B, C)
    T steps of every sequence; (T, C) is accepted for one sequence, and (T, B) for one channel. With
    tokens (T, B), or (T,) for one sequence; where letters are read, too, a list of T steps.
context : array of shape (T, B, K), optional
    As in step, for each step; (T, K) is accepted for one sequence. One of the shape that step takes
    is that of all T steps.

Returns
-------
answers : array of shape (T, B) or (T, B, ...)
    ``answers[t]`` is what ``step(block[t], context=context[t])`` returns.

Raises
------
TypeError, ValueError, RuntimeError
    As step.
KeyboardInterrupt
    On Ctrl-C. As after any other error, the stream is as it was before the call.)")
      .def("reset", &reset, py::arg("sequence") = py::none(), py::kw_only(),
           py::arg("context") = py::none(),
           R"(Reset the state: new sequences begin.

Parameters
----------
sequence : int, optional
    The sequence to reset, 0..B-1. None stands for all.
context : array of shape (B, K), or (K,) for one sequence; optional
    For a language model that was fitted with a context: the vector of each text's first token.
    Without it that is the vector of its first step, as is right where a text has one vector.

Raises
------
TypeError, ValueError
    For a sequence that there is not, and for a context as in step. The stream is then unchanged.
RuntimeError
    If another thread is using this stream.)")
      .def_property(
          "state",
          [](py::handle object) {
            StreamObject& self = stream_of(object);
            const ExclusiveUse use = use_alone(self);
            return state_of(self);
          },
          [](py::handle object, py::handle value) {
            StreamObject& self = stream_of(object);
            const ExclusiveUse use = use_alone(self);
            set_state(self, value);
          },
          R"(The state of the stream: a dict of arrays.

It can be pickled and set again, here or in another stream of the same model and batch size. "h"
and "c" have shape (layers, B, H), float32; "pooled" (B, H), float64, where steps are pooled, or
(B, 2 H) by "last_mean_max"; "steps" (B,), int64, counts the steps read, among them the one that
begins a text.)")
      .def_property_readonly(
          "batch_size", [](py::handle self) { return stream_of(self).B; },
          "B, the sequences that are read side by side.");

  add_method(stream, stream_step_definition);
}

}  // namespace skrnn::bindings
