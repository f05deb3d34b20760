// Sequences of tokens that a language model writes:
//
//   skrnn::Stream stream(skrnn::Model::load("model.skrnn"), 1);
//   skrnn::SamplingSettings settings;
//   settings.temperature = 0.8;
//   const std::int64_t offsets[] = {0, 3}, prefix[] = {5, 2, 9};
//   skrnn::Generation generation(stream, settings, {1, offsets, nullptr, prefix});
//   std::int64_t token;
//   while (generation.advance(1, &token)) write(token);
#pragma once

#include <cstdint>
#include <memory>

#include "skrnn/sampler.h"
#include "skrnn/stream.h"

namespace skrnn {

// B sequences side by side. Each is what it would be alone: it depends on its prefix, its number
// and the settings, neither on the other sequences nor on the number of threads.
class Generation {
 public:
  static constexpr std::int64_t kNoStop = -1;

  // Sequence b begins with the tokens of prefixes[b], which the stream reads from its present state
  // on in the first call of advance, and gets the number first_sequence + b, on which the random
  // numbers depend. Rows of side channels, of a model that reads some, are for the steps of the
  // prefix and for those that follow. It ends with the token `stop`. The stream must stay where it
  // is while the generation is in use; nobody else may step it meanwhile.
  //
  // Throws std::invalid_argument for a model that does not predict the next token: its loss is
  // "cross_entropy", it reads tokens, answers at every step or by the last, and has no more outputs
  // than tokens. Also for settings out of range, for a prefix that is empty or holds a token that
  // the model does not read, where `stop` can not be drawn, and for another number of side channels
  // than the model reads.
  Generation(Stream& stream, const SamplingSettings& settings, const SequenceData& prefixes,
             std::int64_t stop = kNoStop, std::int64_t first_sequence = 0);
  ~Generation();
  Generation(Generation&&) noexcept;
  Generation& operator=(Generation&&) noexcept;

  // Writes the next `steps` tokens of each sequence to tokens [B, steps]; after the end of a
  // sequence come further stops. Calls one after another give the same tokens as one call for all
  // of their steps. The last token is read by the next call only, which spares a step at the end.
  //
  // Returns false if `keep_going` (may be null) did. Throws std::runtime_error if nothing can be
  // drawn, as from a model whose training diverged to NaN. In both cases tokens are missing, and
  // every further call throws std::logic_error. `threads` <= 0 means max_threads().
  bool advance(std::int64_t steps, std::int64_t* tokens, int threads = 1,
               KeepGoing keep_going = nullptr, void* context = nullptr);

  // False once sequence b has ended. b is not checked.
  bool alive(std::int64_t b) const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
