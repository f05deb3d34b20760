// The network of every task with one answer a sequence, or one a step:
//
//   channels, as they are or through a projection, or tokens -> embedding; beside it the states of
//       the words' letters, and side channels, where there are any
//     -> stack of recurrent layers, in one or both directions
//     -> pooling, or every step
//     -> dense head -> outputs (logits, means, ...), which a loss gives their meaning
//
// With transitions the outputs are scores of labels, and those of all steps have their meaning
// together: a linear-chain CRF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "skrnn/windows.h"

namespace skrnn {

enum class Pooling {
  kEveryStep,  // none: one row of outputs for each step
  kLast,       // the last h of each direction
  kMean,
  kMax,          // of each feature; of equal maxima the first
  kAttention,    // mean weighted by the softmax of h_t . q, with q learned
  kLastMeanMax,  // last, mean and max side by side (Howard & Ruder, ACL 2018)
  // The states after each of `horizon` steps that the stack takes from its last states, reading a
  // learned vector for each: a row of outputs for each step to come.
  kHorizon,
};

// The pooling of that name: "last", "mean", "max", "attention", "last_mean_max",
// "horizon" or "every_step".
// Throws std::invalid_argument for any other name.
Pooling find_pooling(const std::string& name);

struct NetworkSettings {
  std::string cell = "lstm";
  std::int64_t input_size = 1;      // C channels; with an embedding, the number of tokens
  std::int64_t embedding_size = 0;  // 0: the input is channels
  std::int64_t hidden_size = 64;
  std::int64_t num_layers = 1;
  bool bidirectional = false;
  Pooling pooling = Pooling::kLast;
  std::int64_t output_size = 1;  // K
  // The weight of the head is the table of the embedding (Press & Wolf, EACL 2017; Inan et al.,
  // ICLR 2017): one row a token, for reading and for writing it.
  bool tie_weights = false;
  // Scores between the labels of neighbouring steps: a linear-chain CRF. Needs kEveryStep.
  bool transitions = false;

  // A second network reads the letters of each word, in both directions, and its last states join
  // the word's embedding (Lample et al., NAACL 2016). Its cell is that of the main network. It
  // needs an embedding; without characters the two sizes are not read.
  std::int64_t characters = 0;  // how many different ones there are; 0: no such network
  std::int64_t character_embedding_size = 0;
  std::int64_t character_hidden_size = 0;  // units of each direction

  // Channels that are known beside the tokens, such as the topic of a text: the first layer reads
  // them behind the embedding, which they need. 0: none.
  std::int64_t side_channels = 0;

  // P: the channels of a step first go through a dense layer and a ReLU, to P values. 0: they do
  // not.
  std::int64_t projection_size = 0;

  std::int64_t horizon = 0;  // steps to come, of kHorizon; 0 for every other pooling
  // Numbers that are known of each step to come, such as its hour: through a dense layer they join
  // the vector of the step.
  std::int64_t future_covariates = 0;

  bool reads_tokens() const { return embedding_size > 0; }
  bool reads_letters() const { return characters > 0; }
  bool projects() const { return projection_size > 0; }
};

// One parameter, and its place in the arena of all parameters. Names and shapes are PyTorch's.
struct Parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0;
  std::int64_t size = 0;
  bool decays = false;  // weight decay applies to weight matrices, not to biases or embeddings
  const char* remedy = "lower hidden_size";  // the fix in messages about its size
};

// Names, shapes and places of all parameters. Their values are the caller's, in one float32 arena.
class NetworkLayout {
 public:
  // Throws std::invalid_argument for an unknown cell, a size out of range, or tied weights of
  // different shapes.
  explicit NetworkLayout(const NetworkSettings& settings);

  const NetworkSettings& settings() const { return settings_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::int64_t num_parameters() const { return num_parameters_; }
  // The error message if `copies` of the parameters do not fit in memory: the bytes that they take,
  // the largest parameter, and the setting that makes it smaller.
  std::string memory_text(std::int64_t copies) const;

  std::int64_t directions() const { return settings_.bidirectional ? 2 : 1; }

 private:
  NetworkSettings settings_;
  std::vector<Parameter> parameters_;
  std::int64_t num_parameters_ = 0;
};

// The caller's array of tokens 0, 1, ..., of one of four types, so that a text of bytes stays one.
class Tokens {
 public:
  Tokens() = default;  // none
  Tokens(std::nullptr_t) {}
  Tokens(const std::uint8_t* data) : data_(data), bytes_(1) {}
  Tokens(const std::uint16_t* data) : data_(data), bytes_(2) {}
  Tokens(const std::int32_t* data) : data_(data), bytes_(4) {}
  Tokens(const std::int64_t* data) : data_(data), bytes_(8) {}

  explicit operator bool() const { return data_ != nullptr; }
  std::int64_t operator[](std::int64_t i) const {
    switch (bytes_) {
      case 1:
        return static_cast<const std::uint8_t*>(data_)[i];
      case 2:
        return static_cast<const std::uint16_t*>(data_)[i];
      case 4:
        return static_cast<const std::int32_t*>(data_)[i];
      default:
        return static_cast<const std::int64_t*>(data_)[i];
    }
  }

 private:
  const void* data_ = nullptr;
  int bytes_ = 0;  // of a token
};

// K side channels of n sequences, each with one row at least. Step t of a sequence reads its row t,
// and the last one when there are no more: one row is a vector for the whole sequence.
struct SideChannels {
  std::int64_t channels = 0;      // K; 0: none
  const float* values = nullptr;  // [rows, K]
  const std::int64_t* offsets =
      nullptr;  // [n + 1]: sequence i is rows [offsets[i], offsets[i + 1])

  const float* row(std::int64_t sequence, std::int64_t step) const {  // [K]
    const std::int64_t row = offsets[sequence] + step, last = offsets[sequence + 1] - 1;
    return values + (row < last ? row : last) * channels;
  }
};

// n sequences one after another: sequence i is rows [offsets[i], offsets[i + 1]). With windows,
// rows are of the windows: offsets say how many rows each one has, and `values` is the array that
// they are views of.
struct SequenceData {
  std::int64_t size = 0;                  // n
  const std::int64_t* offsets = nullptr;  // [n + 1]
  const float* values = nullptr;          // [rows, C], or null for tokens
  Tokens tokens;                          // [rows], or none for values
  // True: the target of each step is the next token. After the tokens of its rows, each sequence
  // then has one more, the target of its last step: tokens is [rows + n].
  bool ends_in_target = false;

  // For a network with characters: the letters of word w are letters [word_offsets[w],
  // word_offsets[w + 1]), one at least, each a number below NetworkSettings::characters. Words that
  // share a token, such as all unknown ones, may have spellings of their own.
  std::int64_t num_words = 0;
  const std::int64_t* word_offsets = nullptr;  // [num_words + 1]
  const std::int64_t* letters = nullptr;
  const std::int64_t* words = nullptr;  // the word of each token; null without characters

  SideChannels side{};  // for a network with side channels, as many as it reads
  Windows windows{};    // of values; they have no tokens

  // The token of a step; with `ends_in_target` also of the one after the last.
  std::int64_t token(std::int64_t sequence, std::int64_t step) const {
    return tokens[place(sequence, step)];
  }
  // The word of a step.
  std::int64_t word(std::int64_t sequence, std::int64_t step) const {
    return words[place(sequence, step)];
  }

 private:
  std::int64_t place(std::int64_t sequence, std::int64_t step) const {
    return offsets[sequence] + (ends_in_target ? sequence : 0) + step;
  }
};

// Rows of outputs for all of `data`: one for each sequence, or for each step, or `horizon` for each
// sequence.
std::int64_t output_rows(const NetworkSettings& network, const SequenceData& data);

// Called now and then from the calling thread; false stops the work.
using KeepGoing = bool (*)(void* context);

// The outputs of the head, before the loss gives them a meaning: [n, K], or [rows, K] for every
// step, or [n * horizon, K]. Returns false if `keep_going` (may be null) did; the outputs are then
// incomplete.
bool predict(const NetworkLayout& layout, const float* parameters, const SequenceData& data,
             float* outputs, int threads, KeepGoing keep_going = nullptr, void* context = nullptr);

}  // namespace skrnn
