// Time of one step in C++, without Python. LSTM and GRU, one sequence, I = H, the state fed
// back into the next step; beside it the time that RTNeural takes, scaled to this machine.
//
//   step [seconds for each size, default 0.5]
//
// RTNeural's figures were measured on a core with an FMA peak of 108 GFLOP/s. They are scaled by
// 108 / peak, with the peak of this core measured between the steps. "of limit" is the lower bound
// of the time, by the products and the reading of the weights, over our time; see README.md.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "fma_peak.h"
#include "read_bandwidth.h"
#include "skrnn/isa.h"
#include "skrnn/layer.h"

namespace {

using Clock = std::chrono::steady_clock;
using Floats = std::vector<float>;

constexpr double kRtneuralPeak = 108.0;  // GFLOP/s
constexpr double kTarget = 1.2;

struct Size {
  std::int64_t hidden;
  double rtneural_lstm, rtneural_gru;  // microseconds per step, 0 if unknown
};
constexpr Size kSizes[] = {{8, 0.084, 0.099}, {16, 0.127, 0.138}, {32, 0.323, 0.237},
                           {64, 1.33, 1.30},  {128, 6.6, 4.2},    {256, 0.0, 0.0}};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// One layer with PyTorch's initial weights, one x, and the carried state.
class Stream {
 public:
  Stream(const std::string& cell, std::int64_t size)
      : cell_(cell),
        size_(size),
        gates_(cell == "lstm" ? 4 : 3),
        weight_ih_(uniform(gates_ * size * size)),
        weight_hh_(uniform(gates_ * size * size)),
        bias_ih_(uniform(gates_ * size)),
        bias_hh_(uniform(gates_ * size)),
        x_(uniform(size)),
        h_(static_cast<std::size_t>(size)),
        c_(static_cast<std::size_t>(size)),
        layer_(cell, size, size,
               {weight_ih_.data(), weight_hh_.data(), bias_ih_.data(), bias_hh_.data()}) {}

  void step() {
    float* const state[] = {h_.data(), c_.data()};  // c is read by the LSTM alone
    layer_.step(1, x_.data(), state, state);
  }

  void reset() {
    std::fill(h_.begin(), h_.end(), 0.0f);
    std::fill(c_.begin(), c_.end(), 0.0f);
  }

  // The largest difference of h after `steps` steps to the plain equations in double precision.
  double error(int steps) {
    const auto hidden = static_cast<std::size_t>(size_);
    std::vector<double> h(hidden), c(hidden);
    reset();
    for (int k = 0; k < steps; ++k) {
      step();
      plain_step(h, c);
    }
    double largest = 0.0;
    for (std::size_t j = 0; j < hidden; ++j) {
      largest = std::max(largest, std::abs(h[j] - static_cast<double>(h_[j])));
    }
    return largest;
  }

 private:
  Floats uniform(std::int64_t count) {
    const float bound = 1.0f / std::sqrt(static_cast<float>(size_));
    std::uniform_real_distribution<float> distribution(-bound, bound);
    Floats values(static_cast<std::size_t>(count));
    for (float& value : values) value = distribution(random_);
    return values;
  }

  // Row `row` of weight * v + bias.
  static double affine(const Floats& weight, const Floats& bias, std::size_t row,
                       const std::vector<double>& v) {
    double sum = static_cast<double>(bias[row]);
    for (std::size_t k = 0; k < v.size(); ++k) {
      sum += static_cast<double>(weight[row * v.size() + k]) * v[k];
    }
    return sum;
  }

  static double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

  // PyTorch's LSTM (i, f, g, o) and GRU (r, z, n).
  void plain_step(std::vector<double>& h, std::vector<double>& c) const {
    const std::size_t n = h.size();
    const std::vector<double> x(x_.begin(), x_.end()), before = h;
    for (std::size_t j = 0; j < n; ++j) {
      const auto from_x = [&](std::size_t gate) {
        return affine(weight_ih_, bias_ih_, gate * n + j, x);
      };
      const auto from_h = [&](std::size_t gate) {
        return affine(weight_hh_, bias_hh_, gate * n + j, before);
      };
      const double first = sigmoid(from_x(0) + from_h(0));
      const double second = sigmoid(from_x(1) + from_h(1));
      if (cell_ == "lstm") {
        c[j] = second * c[j] + first * std::tanh(from_x(2) + from_h(2));
        h[j] = sigmoid(from_x(3) + from_h(3)) * std::tanh(c[j]);
      } else {
        const double candidate = std::tanh(from_x(2) + first * from_h(2));
        h[j] = (1.0 - second) * candidate + second * before[j];
      }
    }
  }

  std::mt19937 random_{7};
  std::string cell_;
  std::int64_t size_, gates_;
  Floats weight_ih_, weight_hh_, bias_ih_, bias_hh_, x_, h_, c_;
  skrnn::Layer layer_;
};

double microseconds(Stream& stream, long steps) {
  const auto start = Clock::now();
  for (long k = 0; k < steps; ++k) stream.step();
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count() /
         static_cast<double>(steps);
}

// Prints one line; returns false if the layer does not agree with the equations.
bool measure(const std::string& cell, const Size& size, double seconds) {
  constexpr double kBlock = 500.0;  // microseconds timed at once
  Stream stream(cell, size.hidden);
  const double error = stream.error(20);
  if (!(error < 1e-5)) {
    std::printf("%s H%lld: wrong by %.1e\n", cell.c_str(), static_cast<long long>(size.hidden),
                error);
    return false;
  }

  microseconds(stream, 100);
  const long steps = std::max(1L, static_cast<long>(kBlock / microseconds(stream, 100)));
  const double gates = cell == "lstm" ? 4.0 : 3.0, hidden = static_cast<double>(size.hidden);
  const double weights = gates * 2.0 * hidden * hidden;
  const double bytes = weights * sizeof(float);
  std::vector<double> times, peaks, bandwidths;
  const auto start = Clock::now();
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds ||
         times.size() < 21) {
    stream.reset();
    microseconds(stream, steps / 10 + 1);
    times.push_back(microseconds(stream, steps));
    peaks.push_back(bench::fma_peak(1, kBlock * 1e-6));
    bandwidths.push_back(bench::read_bandwidth(1, static_cast<std::size_t>(bytes), kBlock * 1e-6));
  }

  const double time = median(times), peak = median(peaks), bandwidth = median(bandwidths);
  const double limit = std::max(2.0 * weights / peak, bytes / bandwidth) * 1e-3;  // microseconds
  std::printf("| %-4s | %4lld | %8.3f | %7.1f | %7.1f | %7.1f | %8.2f |", cell.c_str(),
              static_cast<long long>(size.hidden), time, 2.0 * weights / time * 1e-3, peak,
              bandwidth, limit / time);
  const double rtneural = cell == "lstm" ? size.rtneural_lstm : size.rtneural_gru;
  if (rtneural > 0.0) {
    const double ratio = rtneural * kRtneuralPeak / peak / time;
    std::printf(" %8.3f | %5.2f | %-7s |\n", rtneural, ratio, ratio >= kTarget ? "yes" : "no");
  } else {
    std::printf(" %8s | %5s | %-7s |\n", "-", "-", "-");
  }
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.5;
  std::printf("instruction set: %s\n\n", skrnn::active_isa().c_str());
  std::printf("| cell |    H | us/step  | GFLOP/s | peak    | GB/s    | of limit | RTNeural | ");
  std::printf("ratio | >= %.1f  |\n", kTarget);
  std::printf("| ---- | ---- | -------- | ------- | ------- | ------- | -------- | -------- | ");
  std::printf("----- | ------- |\n");
  for (const char* cell : {"lstm", "gru"}) {
    for (const Size& size : kSizes) {
      if (!measure(cell, size, seconds)) return EXIT_FAILURE;
    }
  }
  return EXIT_SUCCESS;
}
