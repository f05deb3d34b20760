// The C++ object inside a Python Stream, and the conversion of its arguments and results.
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

// The form in which the answers of a row are returned.
enum class Form {
  kNumbers,  // the first `columns` answers, in shape `row_shape`
  kLabels,   // the label of the largest answer
  kFlags,    // multilabel: 1 for each answer of 0.5 or more, else 0
};

// Words, step after step, as Stream::step takes them.
struct StreamWords {
  std::vector<std::int64_t> tokens;           // [steps * B]
  std::vector<std::int64_t> word_offsets{0};  // [steps * B + 1]
  std::vector<std::int64_t> letters;
};

struct StreamObject {
  Model model;
  Stream stream;
  Form form;
  pybind11::array labels;   // [K], of any dtype
  std::int64_t label_size;  // bytes of one label
  bool labels_are_objects;
  std::vector<pybind11::ssize_t> row_shape;  // axes of one answer
  std::int64_t columns;                      // numbers in one answer
  std::int64_t B, C, A;
  bool tokens;
  bool letters;                          // true if tokens come with the letters of their words
  std::int64_t side_channels;            // K, of the context that comes with tokens
  bool prepares;                         // true if operations precede the network
  bool frees_gil;                        // true if a step takes long enough to release the GIL
  std::vector<float> prepared;           // [B, C]
  std::vector<std::int64_t> token_rows;  // [B]
  std::vector<std::int64_t> boundaries;  // [B], the token that begins every text; or empty
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
        letters(m.settings().network.reads_letters()),
        side_channels(m.settings().network.side_channels),
        prepares(!m.settings().operations.empty()),
        // Some 50 microseconds of arithmetic.
        frees_gil(B * m.network().num_parameters() > 1'000'000),
        prepared(static_cast<std::size_t>(B * C)),
        token_rows(static_cast<std::size_t>(B)) {}
};

// ---- stream_input.cpp ----

// An argument of that name: one step, or (`block`) several, with an axis of steps in front. The
// axis B may be left out if B is 1, and the axis C if C is 1.
struct StreamInput {
  const char* name;
  bool block;
};

// Numbers as a C-contiguous array of float32, or of float64 where float32 does not hold them all.
// Throws TypeError if `object` does not hold numbers.
pybind11::array number_array(pybind11::handle object, const char* name);

// Integer tokens as a C-contiguous array. Throws TypeError for anything else.
pybind11::array_t<std::int64_t> token_array(pybind11::handle object, const char* name);

// The steps that an array holds. Throws ValueError for a shape that does not fit.
std::int64_t steps_of(const StreamObject& self, const pybind11::array& array, StreamInput input);

// Writes the channels of `steps` steps in the form that the network reads. Throws ValueError for
// NaN that no operation fills, infinity and numbers too large for float32, naming the first.
void prepare(const StreamObject& self, const pybind11::array& array, std::int64_t steps,
             StreamInput input, float* to);

// The argument `sequence`, in 0..B-1. Throws TypeError or ValueError for anything else.
std::int64_t sequence_of(const StreamObject& self, pybind11::handle sequence);

// Throws ValueError for the first token that the model does not know.
void check_tokens(const StreamObject& self, const std::int64_t* tokens, std::int64_t steps,
                  StreamInput input);

// Appends one step, for a model with characters: a tuple (token, letters) for each sequence, in a
// list, or for one sequence the tuple itself. Throws TypeError or ValueError for anything else, and
// for tokens and letters that the model does not know.
void append_words(const StreamObject& self, pybind11::handle step, StreamInput input,
                  StreamWords& to);

// ---- stream_texts.cpp ----

// Writes the context of `steps` steps of `sequences` sequences, [steps, sequences, K]. With
// `block` an argument may have an axis of steps; one without it is that of each step. Throws
// TypeError or ValueError for anything else, for a missing context, and for one that the model does
// not read.
void read_context(const StreamObject& self, pybind11::handle object, std::int64_t sequences,
                  bool block, std::int64_t steps, float* to);

// Makes every text begin with a token; None leaves the stream as it is. Throws TypeError or
// ValueError for anything else, and for a model whose steps take more than a token and a context.
void set_boundary(StreamObject& self, pybind11::handle token);

// Reads the token that begins a text, with the context in Stream::side(), for those of the
// sequences first..last-1 that have read nothing yet.
void begin_texts(StreamObject& self, std::int64_t first, std::int64_t last);

// ---- stream_output.cpp ----

// A new array for the answers of `steps` steps, with an axis of steps if `block`.
pybind11::array new_answers(const StreamObject& self, std::int64_t steps, bool block);

// Writes the answers [B, A] of one step to row t of `to`.
void put(const StreamObject& self, const double* answers, pybind11::array& to, std::int64_t t);

// ---- stream_state.cpp ----

// The state of the stream: a dict of arrays, copies.
pybind11::dict state_of(StreamObject& self);

// Throws TypeError or ValueError if `value` is not a state of such a stream, which is then
// unchanged.
void set_state(StreamObject& self, pybind11::handle value);

// Sets a state from state_of, unchecked: a stream that diverged holds NaN, which set_state refuses.
void restore_state(StreamObject& self, const pybind11::dict& state);

}  // namespace skrnn::bindings
