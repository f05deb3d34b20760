// Forecasts of a saved RNNForecaster.
//
//   forecast MODEL [HORIZON]
//
// MODEL is a file written by `estimator.save`. The numbers of one series are read from the standard
// input, separated by blanks or line ends, with "nan" for a step that nobody observed. The HORIZON
// steps that follow are printed, one a line; without it as many as the estimator was fitted for.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "skrnn/forecaster.h"
#include "skrnn/model.h"

namespace {

std::vector<double> read_series() {
  std::vector<double> series;
  for (std::string word; std::cin >> word;) {
    char* end = nullptr;
    series.push_back(std::strtod(word.c_str(), &end));
    if (*end != '\0') throw std::invalid_argument("\"" + word + "\" is no number");
  }
  return series;
}

std::int64_t horizon_of(const char* text) {
  if (*text != '\0' && text[std::strspn(text, "0123456789")] == '\0') {
    return std::strtoll(text, nullptr, 10);
  }
  throw std::invalid_argument(std::string("HORIZON is ") + text +
                              "; expected an integer of 1 or more");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: forecast MODEL [HORIZON]\n");
    return 2;
  }
  try {
    const skrnn::Forecaster forecaster(skrnn::Model::load(argv[1]));
    const std::int64_t horizon = argc > 2 ? horizon_of(argv[2]) : forecaster.settings().horizon;
    for (const double y : forecaster.forecast(read_series(), horizon)) std::printf("%.17g\n", y);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "forecast: %s\n", error.what());
    return 1;
  }
}
