// A model that reads data as it arrives, one step at a time:
//
//   const skrnn::Model model = skrnn::Model::load("model.skrnn");  // slow, allocates, may throw
//   skrnn::Stream stream(model);
//   std::vector<float> answers(stream.answer_size());
//   while (read(x)) stream.step(x, answers.data());  // never allocates or throws
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "skrnn/layer.h"
#include "skrnn/model.h"

namespace skrnn {

// B sequences side by side, and the model's state for each. After every step it answers as if the
// sequences ended there: the same bits as Model::predict on all that was read since the start.
//
// step allocates nothing, throws nothing, locks nothing, and runs on the calling thread. One thread
// at a time may use a stream; any number of streams may share a model.
class Stream {
 public:
  // Throws std::invalid_argument where the model has to see the end of a sequence before it can
  // answer (bidirectional, or pooling by attention), and for a batch_size below 1.
  explicit Stream(const Model& model,
                  std::int64_t batch_size = 1);  // the model may be destroyed first
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  const ServingSettings& settings() const noexcept;  // of the model
  std::int64_t batch_size() const noexcept;          // B
  std::int64_t channels() const noexcept;            // C of the raw input; 1 for tokens
  std::int64_t answer_size() const noexcept;         // A, see Model::answer_size

  // Reads one step of every sequence: x is [B, C], or, for a network with an embedding, B tokens
  // below its input_size. Nothing is checked. The answers [B, A] are valid until the next step. A
  // NaN stays in the states until reset.
  const double* step(const float* x) noexcept;
  const double* step(const std::int64_t* tokens) noexcept;
  // For a network with characters: the letters of word b are letters [word_offsets[b],
  // word_offsets[b + 1]), one at least. Words of any length are read without an allocation.
  const double* step(const std::int64_t* tokens, const std::int64_t* word_offsets /* [B + 1] */,
                     const std::int64_t* letters) noexcept;
  // The same for channels that Model::prepare returned.
  const double* step_prepared(const float* x) noexcept;
  // As step, with the answers [B, A] rounded to float32 and written to `answers`.
  void step(const float* x, float* answers) noexcept;
  void step(const std::int64_t* tokens, float* answers) noexcept;
  void step(const std::int64_t* tokens, const std::int64_t* word_offsets,
            const std::int64_t* letters, float* answers) noexcept;

  // For a network with side channels: those that the next step reads, [B, side_channels], zeros at
  // first. The caller writes them; they stay until they are written again, and reset leaves them as
  // they are. Null for other networks.
  float* side() noexcept;

  // As step with tokens, up to the outputs [B, K] of the head, before the loss gives them their
  // meaning: logits under "cross_entropy".
  const float* step_outputs(const std::int64_t* tokens) noexcept;

  // Resets the state of all sequences, or of sequence b: new sequences begin.
  void reset() noexcept;
  void reset(std::int64_t b) noexcept;

  // The state of the stream, which may be read, copied, and written back between steps. The
  // pointers stay valid, except that of h, the first state, which changes with every step. b, layer
  // and state are not checked.
  std::int64_t num_layers() const noexcept;
  std::int64_t hidden_size() const noexcept;                     // H
  const CellInfo& cell() const noexcept;                         // names its states
  float* state(std::int64_t layer, std::size_t state) noexcept;  // [B, H]
  // [B, pooled_size], or null for "last", which needs no sums: H sums for "mean", H maxima for
  // "max", and for "last_mean_max" the sums and then the maxima.
  std::int64_t pooled_size() const noexcept;
  double* pooled() noexcept;
  std::int64_t* steps() noexcept;  // [B] read so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
