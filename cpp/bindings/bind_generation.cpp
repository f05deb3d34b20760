// Sampler and Generation: the next token, and sequences of them. Private: estimators check what
// users give.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "arrays.h"
#include "bindings.h"
#include "bound.h"
#include "exclusive_use.h"
#include "interruption.h"
#include "sequence_arrays.h"
#include "skrnn/generation.h"
#include "stream_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

// ---- Sampler ----

struct SamplerObject {
  Sampler sampler;
  std::atomic<bool> busy{false};

  explicit SamplerObject(const SamplingSettings& settings) : sampler(settings) {}
};

std::unique_ptr<SamplerObject> make_sampler(double temperature, py::handle top_k, double top_p,
                                            double min_p, double repetition_penalty,
                                            py::handle seed,
                                            const std::vector<std::int64_t>& excluded) {
  SamplingSettings settings;
  settings.temperature = temperature;
  settings.top_k = integer_from(top_k, "top_k", 0);
  settings.top_p = top_p;
  settings.min_p = min_p;
  settings.repetition_penalty = repetition_penalty;
  settings.seed = static_cast<std::uint64_t>(integer_from(seed, "seed", 0));
  settings.excluded = excluded;
  return std::make_unique<SamplerObject>(settings);
}

// Row b of `array` in float32. Numbers of float64 are taken relative to the largest, near which
// float32 tells them apart.
void round_row(const py::array& array, std::int64_t b, std::int64_t V, float* to) {
  if (array.itemsize() == sizeof(float)) {
    std::copy_n(static_cast<const float*>(array.data()) + b * V, V, to);
    return;
  }
  const double* from = static_cast<const double*>(array.data()) + b * V;
  const double largest = *std::max_element(from, from + V);
  for (std::int64_t v = 0; v < V; ++v) {
    to[v] = std::isinf(from[v]) ? static_cast<float>(from[v])
                                : static_cast<float>(std::max(from[v] - largest, -1e38));
  }
}

std::vector<float> rounded_rows(const py::array& array, std::int64_t B, std::int64_t V) {
  std::vector<float> rows(static_cast<std::size_t>(B * V));
  for (std::int64_t b = 0; b < B; ++b) {
    float* row = rows.data() + b * V;
    round_row(array, b, V, row);
    for (std::int64_t v = 0; v < V; ++v) {
      if (!std::isnan(row[v]) && row[v] != INFINITY) continue;
      throw py::value_error("log_probabilities: row " + std::to_string(b) + " holds " +
                            (std::isnan(row[v]) ? "NaN" : "infinity") + " for token " +
                            std::to_string(v) + "; pass finite numbers, or -inf for never");
    }
  }
  return rows;
}

// The (B, V) flags of an array of bool, or null for None.
const bool* flags_of(py::handle seen, std::int64_t B, std::int64_t V, py::array& owner) {
  if (seen.is_none()) return nullptr;
  const auto array = py::array_t<bool, py::array::c_style>::ensure(seen);
  if (!array || array.ndim() != 2 || array.shape(0) != B || array.shape(1) != V ||
      !py::isinstance<py::array_t<bool>>(seen)) {
    PyErr_Clear();
    throw py::value_error("seen: expected bool of shape (B, V) = (" + std::to_string(B) + ", " +
                          std::to_string(V) + "), got " + std::string(py::repr(seen)));
  }
  owner = array;
  return array.data();
}

py::array_t<std::int64_t> pick(py::handle object, py::handle log_probabilities,
                               py::handle sequences_object, py::handle step_object, py::handle seen,
                               py::handle n_jobs) {
  auto& self = unwrap<SamplerObject>(object, "expected a Sampler");
  const py::array array = number_array(log_probabilities, "log_probabilities");
  if (array.ndim() != 2 || array.shape(1) < 1) {
    throw py::value_error(
        "log_probabilities: expected shape (B, V), a row for each sequence, got " +
        describe(array));
  }
  const std::int64_t B = array.shape(0), V = array.shape(1);
  const auto sequences = token_array(sequences_object, "sequences");
  if (sequences.ndim() != 1 || sequences.shape(0) != B) {
    throw py::value_error("sequences: expected " + std::to_string(B) +
                          " numbers, one for each row, got " + describe(sequences));
  }
  const std::int64_t step = integer_from(step_object, "step", 0);
  py::array owner;
  const bool* flags = flags_of(seen, B, V, owner);
  const int threads = thread_count(n_jobs);
  const ExclusiveUse use(self.busy, "this sampler is in use by another thread; make another one");
  self.sampler.check_tokens(V);
  const std::vector<float> rows = rounded_rows(array, B, V);
  py::array_t<std::int64_t> tokens(B);
  std::int64_t* to = tokens.mutable_data();
  {
    const py::gil_scoped_release release;
    self.sampler.pick(B, V, rows.data(), flags, sequences.data(), step, to, threads);
  }
  if (const std::int64_t* wrong = std::find(to, to + B, -1); wrong != to + B) {
    throw py::value_error("log_probabilities: row " + std::to_string(wrong - to) +
                          " gives every token that is not excluded the probability zero, -inf; "
                          "leave one at least");
  }
  return tokens;
}

// ---- Generation ----

struct GenerationObject {
  py::object owner;  // of the stream
  StreamObject& stream;
  Generation generation;
  std::atomic<bool> busy{false};
};

// Sequences of tokens, one after another.
struct Prefixes {
  std::vector<std::int64_t> tokens, offsets = {0};

  explicit Prefixes(py::handle prefix) {
    if (!py::isinstance<py::sequence>(prefix) && !py::isinstance<py::array>(prefix)) {
      throw py::type_error(
          "prefix: expected a list of integer arrays, one for each sequence, got " +
          std::string(Py_TYPE(prefix.ptr())->tp_name));
    }
    for (const py::handle item : py::list(py::reinterpret_borrow<py::object>(prefix))) {
      const std::string name = "prefix[" + std::to_string(offsets.size() - 1) + "]";
      if (py::isinstance<py::sequence>(item) && py::len(item) == 0) {
        throw py::value_error(name + " is empty; begin with a token at least");
      }
      const auto array = token_array(item, name.c_str());
      if (array.ndim() != 1) {
        throw py::value_error(name + ": expected integers of shape (n,), got " + describe(array));
      }
      tokens.insert(tokens.end(), array.data(), array.data() + array.size());
      offsets.push_back(static_cast<std::int64_t>(tokens.size()));
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  SequenceData data(const SideChannels& side) const {
    SequenceData result{size(), offsets.data(), nullptr, tokens.data()};
    result.side = side;
    return result;
  }
};

std::unique_ptr<GenerationObject> make_generation(const py::object& stream_object,
                                                  py::handle sampler, py::handle prefix,
                                                  py::handle stop_object, py::handle first_sequence,
                                                  py::handle side) {
  auto& stream = unwrap<StreamObject>(stream_object, "stream: expected a Stream");
  const auto& settings =
      unwrap<SamplerObject>(sampler, "sampler: expected a Sampler").sampler.settings();
  const Prefixes prefixes(prefix);
  const SideArrays arrays(stream.model.settings().network, side, prefixes.size());
  const std::int64_t stop =
      stop_object.is_none() ? Generation::kNoStop : integer_from(stop_object, "stop", 0);
  const std::int64_t first = integer_from(first_sequence, "first_sequence", 0);
  return std::unique_ptr<GenerationObject>(new GenerationObject{
      stream_object, stream,
      Generation(stream.stream, settings, prefixes.data(arrays.side), stop, first)});
}

py::tuple advance(py::handle object, py::handle steps_object, py::handle n_jobs) {
  auto& self = unwrap<GenerationObject>(object, "expected a Generation");
  const std::int64_t steps = integer_from(steps_object, "steps", 0), B = self.stream.B;
  const int threads = thread_count(n_jobs);
  py::array_t<std::int64_t> tokens({B, steps});
  py::array_t<bool> alive(B);
  const ExclusiveUse use(self.busy, "this generation is in use by another thread");
  const ExclusiveUse use_of_stream(self.stream.busy,
                                   "the stream of this generation is in use by another thread");
  std::int64_t* to = tokens.mutable_data();
  without_gil([&](KeepGoing keep_going, void* context) {
    return self.generation.advance(steps, to, threads, keep_going, context);
  });
  for (std::int64_t b = 0; b < B; ++b) alive.mutable_data()[b] = self.generation.alive(b);
  return py::make_tuple(tokens, alive);
}

}  // namespace

void register_generation(py::module_& m) {
  bind_class<SamplerObject>(m, "Sampler", "The choice of the next token; see skrnn/sampler.h.")
      .def(py::init(&make_sampler), py::kw_only(), py::arg("temperature") = 1.0,
           py::arg("top_k") = 0, py::arg("top_p") = 1.0, py::arg("min_p") = 0.0,
           py::arg("repetition_penalty") = 1.0, py::arg("seed") = 0,
           py::arg("excluded") = std::vector<std::int64_t>())
      .def("pick", &pick, py::arg("log_probabilities"), py::arg("sequences"), py::arg("step"),
           py::kw_only(), py::arg("seen") = py::none(), py::arg("n_jobs") = py::none(),
           R"(Pick a token for each row.

Parameters
----------
log_probabilities : array of shape (B, V), float32 or float64
    Of all tokens, for each of B sequences; up to a constant a row, so that logits will do.
sequences : array of shape (B,), int
    The number of each sequence.
step : int
    The number of the step. The seed, the sequence and the step make the random number.
seen : array of shape (B, V), bool, optional
    The tokens that repetition_penalty is for.
n_jobs : int, optional
    Threads; the tokens do not depend on it.

Returns
-------
tokens : array of shape (B,), int64)");
  bind_class<GenerationObject>(m, "Generation",
                               R"(Sequences that a language model writes; see skrnn/generation.h.

Parameters
----------
stream : Stream
    Reads the prefixes from its present state on, in the first call of advance. In use by this
    object from then on.
sampler : Sampler
    Its settings are copied.
prefix : list of B arrays of int
    The tokens that the sequences begin with, one each at least.
stop : int or None
    The token that ends a sequence.
first_sequence : int
    The number of sequence 0, on which its random numbers depend.
side : (values, offsets), optional
    Side channels of the B sequences, of which row t is for the step that reads token t, prefix
    included; after its last row a sequence stays with that.)")
      .def(py::init(&make_generation), py::arg("stream"), py::arg("sampler"), py::arg("prefix"),
           py::arg("stop") = py::none(), py::kw_only(), py::arg("first_sequence") = 0,
           py::arg("side") = py::none())
      .def("advance", &advance, py::arg("steps"), py::kw_only(), py::arg("n_jobs") = py::none(),
           R"(Write the next tokens.

Calls one after another give the same tokens as one call for all of their steps.

Returns
-------
tokens : array of shape (B, steps), int64
    After the end of a sequence, further stops.
alive : array of shape (B,), bool
    False for sequences that have ended.

Raises
------
RuntimeError
    If the model answers with NaN, if another thread is using this object or its stream, and after a
    call that raised.
KeyboardInterrupt
    On Ctrl-C. The tokens of the call are lost.)");
}

}  // namespace skrnn::bindings
