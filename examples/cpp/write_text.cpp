// Texts that a saved RNNLanguageModel writes.
//
//   write_text MODEL [TEMPERATURE [SEED]]
//
// MODEL is a file written by `estimator.save`. Every line of the standard input begins a text, and
// is printed with what the model writes after it: letters, or words between blanks, according to
// what its tokens are. Words are looked up as they are; where the estimator has analyzer="word",
// write them in lower case and without punctuation, as it does itself. A text ends where the model
// ends it, or after 200 tokens. At a temperature of 0 each token is the most probable one.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "skrnn/generation.h"
#include "skrnn/model.h"
#include "skrnn/stream.h"

namespace {

constexpr int kMostTokens = 200;

// The number of bytes of the UTF-8 character that begins with this one.
std::size_t character_size(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

class Vocabulary {
 public:
  Vocabulary(std::vector<std::string> strings, bool letters)
      : strings_(std::move(strings)), letters_(letters) {
    if (strings_.empty()) throw std::runtime_error("the tokens of this model are no strings");
    for (std::size_t i = 0; i < strings_.size(); ++i) {
      numbers_[strings_[i]] = static_cast<std::int64_t>(i) + 1;
    }
  }

  // Adds the tokens of a text; strings that the model does not know are token 0.
  void read(const std::string& text, std::vector<std::int64_t>& tokens) const {
    const auto add = [&](const std::string& token) {
      const auto found = numbers_.find(token);
      tokens.push_back(found == numbers_.end() ? 0 : found->second);
    };
    if (letters_) {
      for (std::size_t i = 0; i < text.size(); i += character_size(text[i])) {
        add(text.substr(i, character_size(text[i])));
      }
    } else {
      std::istringstream words(text);
      for (std::string word; words >> word;) add(word);
    }
  }

  // How a token continues a text.
  std::string written(std::int64_t token) const {
    return (letters_ ? "" : " ") + strings_.at(static_cast<std::size_t>(token) - 1);
  }

 private:
  std::vector<std::string> strings_;
  std::unordered_map<std::string, std::int64_t> numbers_;
  bool letters_;
};

void run(const skrnn::Model& model, skrnn::SamplingSettings settings) {
  const std::optional<skrnn::TextSettings> texts = model.texts();
  if (!texts) throw std::runtime_error("this model is no RNNLanguageModel");
  const Vocabulary vocabulary(model.vocabulary(), texts->tokens == "char");
  // The last token begins every text, and ends it where the model has read more than one. The
  // unknown string cannot be written.
  const std::int64_t boundary = model.settings().network.input_size - 1;
  settings.excluded = {0};
  if (texts->one_text) settings.excluded.push_back(boundary);
  const std::int64_t stop = texts->one_text ? skrnn::Generation::kNoStop : boundary;
  skrnn::Stream stream(model);
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::int64_t> tokens = {boundary};
    vocabulary.read(line, tokens);
    const std::int64_t offsets[] = {0, static_cast<std::int64_t>(tokens.size())};
    skrnn::SequenceData prefix;
    prefix.size = 1;
    prefix.offsets = offsets;
    prefix.tokens = tokens.data();
    stream.reset();
    skrnn::Generation generation(stream, settings, prefix, stop);
    std::cout << line;
    for (int i = 0; i < kMostTokens; ++i) {
      std::int64_t token;
      generation.advance(1, &token);
      if (token == boundary) break;
      // At once, for a reader that watches the text grow.
      std::cout << vocabulary.written(token) << std::flush;
    }
    std::cout << std::endl;
  }
}

double temperature_of(const char* text) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end != text && *end == '\0') return value;
  throw std::invalid_argument(std::string("TEMPERATURE is ") + text + "; expected a number");
}

std::uint64_t seed_of(const char* text) {
  if (*text != '\0' && text[std::strspn(text, "0123456789")] == '\0') {
    return std::strtoull(text, nullptr, 10);
  }
  throw std::invalid_argument(std::string("SEED is ") + text +
                              "; expected an integer of 0 or more");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: write_text MODEL [TEMPERATURE [SEED]]\n");
    return 2;
  }
  try {
    skrnn::SamplingSettings settings;
    if (argc > 2) settings.temperature = temperature_of(argv[2]);
    if (argc > 3) settings.seed = seed_of(argv[3]);
    run(skrnn::Model::load(argv[1]), settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_text: %s\n", error.what());
    return 1;
  }
}
