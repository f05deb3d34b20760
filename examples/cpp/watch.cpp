// A saved detector of anomalies: reads one step of a series at a time, and prints scores.
//
//   watch MODEL [FILE]
//
// MODEL is a file written by `RNNAnomalyDetector.save`. Every line of FILE, or of the standard
// input, is one step: its channels separated by blanks. A step is scored as soon as the model's
// delay has passed, and the last ones at the end; an outlier is followed by an asterisk. Scores
// have 17 digits, which determine a float64 exactly.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "skrnn/anomaly_stream.h"
#include "skrnn/model.h"

namespace {

void print(double score, double offset) {
  std::printf("%.17g%s\n", score, score < offset ? " *" : "");
  std::fflush(stdout);  // for a reader that waits for the score
}

void run(const skrnn::Model& model, std::istream& lines) {
  if (!model.anomalies()) throw std::runtime_error("the model is no RNNAnomalyDetector");
  const skrnn::AnomalySettings settings = *model.anomalies();
  skrnn::AnomalyStream stream(model, settings);
  std::vector<double> step(static_cast<std::size_t>(stream.channels()));
  std::int64_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream numbers(line);
    for (double& number : step) numbers >> number;
    if (!numbers || !(numbers >> std::ws).eof()) {
      throw std::runtime_error("line " + std::to_string(count + 1) + ": a step has " +
                               std::to_string(step.size()) + " numbers");
    }
    const double score = stream.step(step.data());
    if (count >= stream.delay()) print(score, settings.offset);
  }
  std::vector<double> last(static_cast<std::size_t>(stream.delay()));
  last.resize(static_cast<std::size_t>(stream.pending(last.data())));
  for (const double score : last) print(score, settings.offset);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: watch MODEL [FILE]\n");
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
    std::fprintf(stderr, "watch: %s\n", error.what());
    return 1;
  }
}
