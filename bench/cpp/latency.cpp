// Latency of a stream's step in C++: p50, p99, p99.9 and the longest of a million steps.
//
//   latency [steps of each case, default 1000000]
//
// Classifiers of ten classes, LSTM and GRU, one sequence, I = H, through Stream::step(const float*,
// float*), one step after the other, each with the clock read before and after it. Nothing is
// subtracted: the first row is the same loop with an empty body. Another x at every step.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "skrnn/isa.h"
#include "skrnn/model.h"
#include "skrnn/stream.h"

namespace {

using Clock = std::chrono::steady_clock;
using Floats = std::vector<float>;

constexpr std::int64_t kClasses = 10;
constexpr std::size_t kRows = 64;  // different x, repeated
constexpr std::size_t kWarmUp = 10000;
constexpr double kTarget = 3.0;  // p99 over p50

// Uniform within 1/sqrt(hidden), as PyTorch initialises weights.
Floats uniform(std::mt19937& random, std::size_t count, std::int64_t hidden) {
  const float bound = 1.0f / std::sqrt(static_cast<float>(hidden));
  std::uniform_real_distribution<float> distribution(-bound, bound);
  Floats values(count);
  for (float& value : values) value = distribution(random);
  return values;
}

skrnn::Model classifier(const std::string& cell, std::int64_t size, std::mt19937& random) {
  skrnn::ServingSettings settings;
  settings.network.cell = cell;
  settings.network.input_size = size;
  settings.network.hidden_size = size;
  settings.network.output_size = kClasses;
  settings.loss.name = "cross_entropy";
  const skrnn::NetworkLayout network(settings.network);
  const auto count = static_cast<std::size_t>(network.num_parameters());
  return skrnn::Model(settings, uniform(random, count, size).data());
}

// Whether the stream's answer after each of kRows steps is that of predict on the steps so far.
bool right(const skrnn::Model& model, const Floats& rows) {
  const auto channels = static_cast<std::size_t>(model.channels());
  std::vector<double> expected(static_cast<std::size_t>(model.answer_size()));
  Floats answers(expected.size());
  skrnn::Stream stream(model);
  for (std::size_t t = 0; t < kRows; ++t) {
    stream.step(rows.data() + t * channels, answers.data());
    const std::int64_t offsets[] = {0, static_cast<std::int64_t>(t) + 1};
    if (!model.predict({1, offsets, rows.data(), nullptr}, expected.data(), 1)) return false;
    for (std::size_t a = 0; a < expected.size(); ++a) {
      if (answers[a] != static_cast<float>(expected[a])) return false;
    }
  }
  return true;
}

// Nanoseconds of every call of step(k).
template <class Step>
std::vector<std::int64_t> timed(std::size_t steps, const Step& step) {
  std::vector<std::int64_t> times(steps);
  for (std::size_t k = 0; k < steps; ++k) {
    const auto start = Clock::now();
    step(k);
    times[k] = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  }
  return times;
}

void print(const std::string& name, std::vector<std::int64_t> times, bool with_target) {
  std::sort(times.begin(), times.end());
  // In microseconds; the smallest time that this share of the steps does not exceed.
  const auto percentile = [&](double share) {
    const double rank = std::ceil(share * static_cast<double>(times.size()));
    return static_cast<double>(times[static_cast<std::size_t>(rank) - 1]) * 1e-3;
  };
  const double p50 = percentile(0.5), p99 = percentile(0.99);
  const char* verdict = !with_target ? "-" : p99 <= kTarget * p50 ? "yes" : "no";
  std::printf("| %-15s | %8.3f | %8.3f | %8.3f | %8.1f | %9.2f | %-7s |\n", name.c_str(), p50, p99,
              percentile(0.999), percentile(1.0), p99 / p50, verdict);
  std::fflush(stdout);
}

bool measure(const std::string& cell, std::int64_t size, std::size_t steps) {
  std::mt19937 random(7);
  const skrnn::Model model = classifier(cell, size, random);
  const auto channels = static_cast<std::size_t>(size);
  const Floats rows = uniform(random, kRows * channels, 1);
  const std::string name = cell + " H" + std::to_string(size);
  if (!right(model, rows)) {
    std::printf("%s: the stream and predict differ\n", name.c_str());
    return false;
  }
  skrnn::Stream stream(model);
  Floats answers(static_cast<std::size_t>(stream.answer_size()));
  const auto step = [&](std::size_t k) {
    stream.step(rows.data() + k % kRows * channels, answers.data());
  };
  timed(std::min(steps, kWarmUp), step);
  print(name, timed(steps, step), true);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const long long given = argc > 1 ? std::atoll(argv[1]) : 1000000;
  if (given < 1) {
    std::fprintf(stderr, "usage: latency [steps of each case]\n");
    return EXIT_FAILURE;
  }
  const auto steps = static_cast<std::size_t>(given);
  std::printf("instruction set: %s; %zu steps; microseconds\n\n", skrnn::active_isa().c_str(),
              steps);
  std::printf(
      "| case            | p50      | p99      | p99.9    | longest  | p99 / p50 | <= %.1f  |\n",
      kTarget);
  std::printf(
      "| --------------- | -------- | -------- | -------- | -------- | --------- | ------- |\n");
  print("the clock alone", timed(steps, [](std::size_t) {}), false);
  for (const char* cell : {"lstm", "gru"}) {
    for (const std::int64_t size : {16, 64, 128, 256}) {
      if (!measure(cell, size, steps)) return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}
