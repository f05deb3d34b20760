// A stream of a saved model: reads one step at a time, and prints the answer after each.
//
//   stream MODEL [FILE]
//
// MODEL is a file written by `estimator.save`. Every line of FILE, or of the standard input, is one
// step: its channels separated by blanks, or one token for a model with an embedding. An empty line
// ends the sequence. Answers have nine digits, which determine a float32 exactly.
#include "skrnn/stream.h"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "skrnn/isa.h"
#include "skrnn/model.h"

namespace {

// Returns false unless the line has exactly as many numbers as a step.
template <class Number>
bool parse(const std::string& line, std::vector<Number>& step) {
  std::istringstream numbers(line);
  for (Number& number : step) {
    if (!(numbers >> number)) return false;
  }
  return (numbers >> std::ws).eof();
}

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

void run(const skrnn::Model& model, std::istream& lines) {
  const skrnn::NetworkSettings& network = model.settings().network;
  const bool reads_tokens = network.reads_tokens();
  skrnn::Stream stream(model);
  std::vector<float> channels(static_cast<std::size_t>(stream.channels()));
  std::vector<std::int64_t> token(1);
  std::vector<float> answers(static_cast<std::size_t>(stream.answer_size()));
  std::fprintf(stderr, "%s of %lld units on %s\n", network.cell.c_str(),
               static_cast<long long>(network.hidden_size), skrnn::active_isa().c_str());

  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (is_blank(line)) {
      stream.reset();
      continue;
    }
    if (reads_tokens) {
      if (!parse(line, token) || token[0] < 0 || token[0] >= network.input_size) {
        throw std::runtime_error("line " + std::to_string(number) +
                                 ": a step is one token from 0 to " +
                                 std::to_string(network.input_size - 1));
      }
      stream.step(token.data(), answers.data());
    } else {
      if (!parse(line, channels)) {
        throw std::runtime_error("line " + std::to_string(number) + ": a step has " +
                                 std::to_string(channels.size()) + " numbers");
      }
      stream.step(channels.data(), answers.data());
    }
    for (std::size_t a = 0; a < answers.size(); ++a) {
      std::printf(a == 0 ? "%.9g" : " %.9g", static_cast<double>(answers[a]));
    }
    std::printf("\n");
    std::fflush(stdout);  // for a reader that waits for the answer
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: stream MODEL [FILE]\n");
    return 2;
  }
  try {
    const skrnn::Model model = skrnn::Model::load(argv[1]);
    if (argc == 2) {
      run(model, std::cin);
    } else {
      std::ifstream file(argv[2]);
      if (!file) throw std::runtime_error(std::string("cannot open ") + argv[2]);
      run(model, file);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stream: %s\n", error.what());
    return 1;
  }
}
