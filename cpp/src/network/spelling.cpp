#include "network/spelling.h"

#include <algorithm>

#include "network/columns.h"

namespace skrnn {

Spelling::Spelling(ParameterList& parameters, const std::string& name, std::int64_t characters,
                   const StackShape& shape)
    : embedding_(parameters, name + ".embedding", characters, shape.input_size, false),
      stack_(parameters, name + ".rnn", shape) {}

void Spelling::load(const float* parameters, bool trains) {
  embedding_.load(parameters);
  stack_.load(parameters, trains);
}

SpellingPass::SpellingPass(const Spelling& spelling, std::int64_t embedding_size, bool trains)
    : embedding_(spelling.embedding()),
      stack_(spelling.stack(), trains),
      words_columns_(embedding_size),
      letters_columns_(spelling.size()) {}

const float* SpellingPass::forward(const Minibatch& batch, const float* embedded, int threads) {
  const std::int64_t rows = batch.rows(), E = words_columns_, S = letters_columns_;
  const Minibatch& words = *batch.words();
  const float* letters = embedding_.forward(words, nullptr);
  const float* states = stack_.forward(words, letters, nullptr, nullptr, threads).last;
  float* x = x_.reserve(rows * (E + S));
  copy_columns(rows, E, embedded, E, x, E + S);
  for (std::int64_t row = 0; row < rows; ++row) {
    std::copy_n(states + batch.word_rank(row) * S, S, x + row * (E + S) + E);
  }
  return x;
}

const float* SpellingPass::backward(const Minibatch& batch, const float* dx, float* gradient,
                                    GradientRanges& ranges, int threads) {
  const std::int64_t rows = batch.rows(), E = words_columns_, S = letters_columns_;
  const Minibatch& words = *batch.words();
  float* dstates = dstates_.reserve(words.size() * S);
  std::fill_n(dstates, words.size() * S, 0.0f);
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* from = dx + row * (E + S) + E;
    float* to = dstates + batch.word_rank(row) * S;
    for (std::int64_t s = 0; s < S; ++s) to[s] += from[s];
  }
  const float* dletters =
      stack_.backward(words, {nullptr, dstates}, true, gradient, threads, nullptr);
  embedding_.backward(words, dletters, gradient, ranges);

  float* dembedded = dembedded_.reserve(rows * E);
  copy_columns(rows, E, dx, E + S, dembedded, E);
  return dembedded;
}

}  // namespace skrnn
