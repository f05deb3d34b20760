// Streams of language models: the token that begins every text, and the context.
#include <algorithm>
#include <cmath>
#include <string>

#include "arrays.h"
#include "stream_object.h"

namespace skrnn::bindings {

namespace py = pybind11;

namespace {

// True if a shape is (sequences, K), or (K,) for one sequence.
bool fits_one_step(const py::ssize_t* shape, py::ssize_t rank, std::int64_t sequences,
                   std::int64_t K) {
  if (rank == 2) return shape[0] == sequences && shape[1] == K;
  return rank == 1 && sequences == 1 && shape[0] == K;
}

[[noreturn]] void refuse_shape(const py::array& array, std::int64_t sequences, std::int64_t K,
                               bool block, std::int64_t steps) {
  const std::string axes = sequences == 1 ? "" : "B, ";
  const std::string sizes = sequences == 1 ? "" : std::to_string(sequences) + ", ";
  const std::string end = std::to_string(K) + (sequences == 1 ? ",)" : ")");
  std::string text = "(" + axes + (sequences == 1 ? "K,)" : "K)") + " = (" + sizes + end;
  if (block) {
    text += ", or (T, " + axes + "K) = (" + std::to_string(steps) + ", " + sizes +
            std::to_string(K) + ")";
  }
  const bool one_more = block && array.ndim() > 1 && array.shape(0) == steps + 1;
  throw py::value_error("context: expected shape " + text + ", got " + describe(array) +
                        (one_more ? "; pass the vector of a text's first token to reset" : ""));
}

}  // namespace

void read_context(const StreamObject& self, py::handle object, std::int64_t sequences, bool block,
                  std::int64_t steps, float* to) {
  const std::int64_t K = self.side_channels, n = sequences * K;
  if (object.is_none()) {
    if (K == 0) return;
    throw py::value_error("context is missing: the model was fitted with a vector of " +
                          std::to_string(K) +
                          " numbers beside the tokens; pass context, such a vector for each "
                          "sequence");
  }
  if (K == 0) {
    throw py::value_error(
        "context is given, but the model reads none; leave it out, or use a language model that "
        "was fitted with a context");
  }
  const py::array array = number_array(object, "context");
  const py::ssize_t* shape = array.shape();
  const bool one = fits_one_step(shape, array.ndim(), sequences, K);
  const bool each = block && array.ndim() > 1 && shape[0] == steps &&
                    fits_one_step(shape + 1, array.ndim() - 1, sequences, K);
  if (!one && !each) refuse_shape(array, sequences, K, block, steps);
  const bool is_double = array.itemsize() == 8;
  for (std::int64_t i = 0; i < array.size(); ++i) {
    const double value = is_double
                             ? static_cast<const double*>(array.data())[i]
                             : static_cast<double>(static_cast<const float*>(array.data())[i]);
    if (const auto rounded = static_cast<float>(value); std::isfinite(rounded)) {
      if (i < steps * n) to[i] = rounded;
      continue;
    }
    const std::string step = each ? " at step " + std::to_string(i / n) : "";
    const std::string large = std::isfinite(value) ? ", which is too large for float32" : "";
    throw py::value_error("context: number " + std::to_string(i % K) + " of sequence " +
                          std::to_string(i / K % sequences) + step + " is " +
                          std::string(py::str(py::float_(value))) + large +
                          "; expected finite numbers");
  }
  for (std::int64_t t = 1; one && !each && t < steps; ++t) std::copy_n(to, n, to + t * n);
}

void set_boundary(StreamObject& self, py::handle token) {
  if (token.is_none()) return;
  if (!self.tokens || self.letters || self.stream.pooled_size() > 0) {
    throw py::value_error("boundary: expected a model of tokens, without letters and pooling");
  }
  self.boundaries.assign(static_cast<std::size_t>(self.B), token.cast<std::int64_t>());
  check_tokens(self, self.boundaries.data(), 1, {"boundary", false});
}

void begin_texts(StreamObject& self, std::int64_t first, std::int64_t last) {
  if (self.boundaries.empty()) return;
  std::int64_t* steps = self.stream.steps();
  if (std::find(steps + first, steps + last, 0) == steps + last) return;
  const std::vector<std::int64_t> read(steps, steps + self.B);
  const auto begins = [&](std::int64_t b) {
    return b >= first && b < last && read[static_cast<std::size_t>(b)] == 0;
  };
  Stream& stream = self.stream;
  const std::int64_t H = stream.hidden_size();
  const auto for_each_state = [&](const auto& visit) {
    for (std::int64_t layer = 0; layer < stream.num_layers(); ++layer) {
      for (std::size_t k = 0; k < stream.cell().states.size(); ++k) visit(stream.state(layer, k));
    }
  };
  // A step is one of all sequences; those that go on get their states back.
  std::vector<float> before;
  for_each_state([&](const float* state /* [B, H] */) {
    before.insert(before.end(), state, state + self.B * H);
  });
  stream.step(self.boundaries.data());
  const float* from = before.data();
  for_each_state([&](float* state /* [B, H] */) {
    for (std::int64_t b = 0; b < self.B; ++b) {
      if (!begins(b)) std::copy_n(from + b * H, H, state + b * H);
    }
    from += self.B * H;
  });
  for (std::int64_t b = 0; b < self.B; ++b) {
    if (!begins(b)) --steps[b];
  }
}

}  // namespace skrnn::bindings
