// The letters of words: a small bidirectional network reads them, and its last states join the
// word's embedding (Lample et al., NAACL 2016; Ma & Hovy, ACL 2016).
#pragma once

#include <cstdint>
#include <string>

#include "base/buffer.h"
#include "network/embedding.h"
#include "network/gradient_ranges.h"
#include "network/minibatch.h"
#include "network/parameter_list.h"
#include "network/stack.h"

namespace skrnn {

// The embedding of the letters, <name>.embedding.weight, and the stack that reads them, <name>.rnn.
class Spelling {
 public:
  // `shape` has both directions; its input is the embedding of a letter.
  Spelling(ParameterList& parameters, const std::string& name, std::int64_t characters,
           const StackShape& shape);

  void load(const float* parameters, bool trains);

  // S, the states of a word: the forward direction's after its last letter, and the reverse one's
  // after its first.
  std::int64_t size() const { return stack_.shape().features(); }
  const Embedding& embedding() const { return embedding_; }
  const Stack& stack() const { return stack_; }

 private:
  Embedding embedding_;
  Stack stack_;
};

// The letters in one pass of a minibatch, whose data has spellings. Each distinct word of it is
// read once.
class SpellingPass {
 public:
  // `embedding_size` is E, of words.
  SpellingPass(const Spelling& spelling, std::int64_t embedding_size, bool trains);

  // [rows, E + S]: the states of each row's word beside its embedding; valid until the next call.
  const float* forward(const Minibatch& batch, const float* embedded /* [rows, E] */, int threads);
  // The gradients of the last forward pass: returns that by `embedded`, [rows, E], valid until the
  // next call. Those of the parameters are written to their places in the arena `gradient`; what
  // is not written there is taken out of `ranges`.
  const float* backward(const Minibatch& batch, const float* dx /* [rows, E + S] */,
                        float* gradient, GradientRanges& ranges, int threads);

 private:
  EmbeddingPass embedding_;
  StackPass stack_;
  std::int64_t words_columns_, letters_columns_;  // E, S
  Workspace<float> x_;                            // [rows, E + S]
  Workspace<float> dembedded_;                    // [rows, E]
  Workspace<float> dstates_;                      // [distinct words, S]
};

}  // namespace skrnn
