// What a Python Stream holds, and how its arguments and results cross the border.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "skrnn/stream.h"

namespace skrnn::bindings {

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
  pybind11::array labels;   // [K], of any dtype
  std::int64_t label_size;  // bytes of one
  bool labels_are_objects;
  std::vector<pybind11::ssize_t> row_shape;  // of one answer
  std::int64_t columns;                      // its size
  std::int64_t B, C, A;
  bool tokens;
  bool prepares;                // whether operations stand before the network
  bool frees_gil;               // whether a step is long enough to let others run meanwhile
  std::vector<float> prepared;  // [B, C]
  std::vector<std::int64_t> token_rows;  // [B]
  std::atomic<bool> busy{false};

  StreamObject(const Model& m, std::int64_t batch_size, Form f, pybind11::array l,
               std::vector<pybind11::ssize_t> shape, std::int64_t c)
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
        tokens(m.settings().network.reads_tokens()),
        prepares(!m.settings().operations.empty()),
        // Some 50 microseconds of arithmetic.
        frees_gil(B * m.network().num_parameters() > 1'000'000),
        prepared(static_cast<std::size_t>(B * C)),
        token_rows(static_cast<std::size_t>(B)) {}
};

// ---- stream_input.cpp ----

// What the argument `name` holds: one step, or a block of them with an axis of steps in front.
// Axes of one sequence, and after it of one channel, may be left out.
struct StreamInput {
  const char* name;
  bool block;
};

// Numbers as a C-contiguous array of float32, or of float64 where float32 does not hold them all.
// Throws TypeError for what holds no numbers.
pybind11::array number_array(pybind11::handle object, const char* name);

// Integer tokens as a C-contiguous array. Throws TypeError for anything else.
pybind11::array_t<std::int64_t> token_array(pybind11::handle object, const char* name);

// The steps that an array holds. Throws ValueError for a shape that does not fit.
std::int64_t steps_of(const StreamObject& self, const pybind11::array& array, StreamInput input);

// Writes the channels of so many steps as the network reads them. Throws ValueError for NaN that no
// operation fills, infinity and what float32 cannot hold, naming the first.
void prepare(const StreamObject& self, const pybind11::array& array, std::int64_t steps,
             StreamInput input, float* to);

// Throws ValueError for the first token that the model does not know.
void check_tokens(const StreamObject& self, const std::int64_t* tokens, std::int64_t steps,
                  StreamInput input);

// ---- stream_output.cpp ----

// A new array for the answers of `steps` steps, with an axis of steps where they are a block.
pybind11::array new_answers(const StreamObject& self, std::int64_t steps, bool block);

// Writes the answers [B, A] of one step to row t of that array.
void put(const StreamObject& self, const double* answers, pybind11::array& to, std::int64_t t);

// ---- stream_state.cpp ----

// What the stream remembers: a dict of arrays, copies.
pybind11::dict state_of(StreamObject& self);

// Throws TypeError or ValueError for what is not the state of such a stream, which then stays as it
// was.
void set_state(StreamObject& self, pybind11::handle value);

// Sets what state_of returned, unchecked: a stream that diverged holds NaN, which set_state
// refuses.
void restore_state(StreamObject& self, const pybind11::dict& state);

}  // namespace skrnn::bindings
