// A model that reads as data arrives, one step at a time:
//
//   const skrnn::Model model = skrnn::Model::load("model.skrnn");  // slow, allocates, may throw
//   skrnn::Stream stream(model);
//   std::vector<float> answers(stream.answer_size());
//   while (read(x)) stream.step(x, answers.data());  // does none of that
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "skrnn/layer.h"
#include "skrnn/model.h"

namespace skrnn {

// B sequences side by side, and what the model remembers of each. After every step it answers as if
// the sequences ended there: the same bits as Model::predict on all that was read since the start.
//
// step allocates nothing, throws nothing, locks nothing, and runs on the calling thread. One thread
// at a time may use a stream; any number of streams may share a model.
class Stream {
 public:
  // Throws std::invalid_argument where the model has to see the end of a sequence before it can
  // answer (bidirectional, or pooling by attention), and for a batch_size below 1.
  explicit Stream(const Model& model, std::int64_t batch_size = 1);  // the model may go first
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  std::int64_t batch_size() const noexcept;   // B
  std::int64_t channels() const noexcept;     // C of the raw input; 1 for tokens
  std::int64_t answer_size() const noexcept;  // A, see Model::answer_size

  // Reads one step of every sequence: x is [B, C], or B tokens below the network's input_size, and
  // which of the two is the model's to say: nothing is checked here. The answers [B, A] stay where
  // they are until the next step. A NaN stays in the states until reset.
  const double* step(const float* x) noexcept;
  const double* step(const std::int64_t* tokens) noexcept;
  // Of channels that Model::prepare has seen.
  const double* step_prepared(const float* x) noexcept;
  // The same, rounded to float32 and written to `answers` [B, A].
  void step(const float* x, float* answers) noexcept;
  void step(const std::int64_t* tokens, float* answers) noexcept;

  // Forgets what was read of all sequences, or of sequence b: a new one begins there.
  void reset() noexcept;
  void reset(std::int64_t b) noexcept;

  // What the stream remembers. It may be read, kept, and written back between steps. Its numbers
  // stay where they are, but for h, the first state, whose place changes with every step. b, layer
  // and state are not checked.
  std::int64_t num_layers() const noexcept;
  std::int64_t hidden_size() const noexcept;                     // H
  const CellInfo& cell() const noexcept;                         // names its states
  float* state(std::int64_t layer, std::size_t state) noexcept;  // [B, H]
  // [B, pooled_size], or null for "last", which pools nothing: H sums for "mean", H maxima for
  // "max", and for "last_mean_max" the sums and then the maxima.
  std::int64_t pooled_size() const noexcept;
  double* pooled() noexcept;
  std::int64_t* steps() noexcept;  // [B] read so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
