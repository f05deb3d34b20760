// Checks the vectorised sigmoid and tanh against those of the C library in double precision. See
// check_kernels.cpp for how to build and run.
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "command_line.h"
#include "expect.h"
#include "floats.h"
#include "random.h"
#include "skrnn/activations.h"
#include "skrnn/isa.h"

namespace {

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

float from_bits(std::uint32_t bits) {
  float a;
  std::memcpy(&a, &bits, sizeof a);
  return a;
}

struct Activation {
  const char* name;
  void (*kernel)(const float*, float*, Index);
  double (*exact)(double);
};

void check_activation(const Activation& f, const std::string& isa, std::uint32_t stride) {
  constexpr double kUlps = 3;
  const std::string where = isa + " " + f.name;
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits <= 0x7f800000u; bits += stride) {
    x.push_back(from_bits(static_cast<std::uint32_t>(bits)));
    x.push_back(-x.back());
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (float a : {FLT_MIN, FLT_MAX, infinity, 88.0f, 89.0f, 9.02f}) x.push_back(a), x.push_back(-a);
  const Index n = static_cast<Index>(x.size());
  std::vector<float> y(n);
  f.kernel(x.data(), y.data(), n);

  double worst = 0;
  float worst_at = 0;
  for (Index i = 0; i < n; ++i) {
    const double exact = f.exact(x[i]);
    if (y[i] == 0 && std::abs(exact) < FLT_MIN) continue;
    int exponent = 0;
    std::frexp(exact, &exponent);
    const double ulp = std::ldexp(1.0, std::max(exponent - FLT_MANT_DIG, FLT_MIN_EXP - 24));
    const double error = std::abs(y[i] - exact) / ulp;
    if (!(error <= worst)) worst = std::isnan(error) ? HUGE_VAL : error, worst_at = x[i];
  }
  std::printf("%s: at most %.2f ulp off, at %.9g (%lld numbers)\n", where.c_str(), worst, worst_at,
              static_cast<long long>(n));
  expect(worst <= kUlps, where, "accuracy");

  // Results do not depend on the lane, and on the number of lanes in use.
  bool same = true, nan_kept = true;
  Random random(4);
  for (Index count = 1; count <= 40; ++count) {
    Floats some(random_vector(random, count, 12)), all(count), one(1);
    f.kernel(some.data(), all.data(), count);
    for (Index i = 0; i < count; ++i) {
      f.kernel(some.data() + i, one.data(), 1);
      same &= same_bits(one, 0, all, i, 1);
    }
    same &= all.guards_intact() && one.guards_intact();
    some.data()[count - 1] = std::numeric_limits<float>::quiet_NaN();
    f.kernel(some.data(), all.data(), count);
    nan_kept &= std::isnan(all[count - 1]);
  }
  expect(same, where, "one number alone");
  expect(nan_kept, where, "a NaN stays a NaN");

  const float zeros[] = {0.0f, -0.0f};
  float at_zeros[2];
  f.kernel(zeros, at_zeros, 2);
  expect(at_zeros[0] == f.exact(0) && at_zeros[1] == f.exact(0), where, "at zero");
  expect(std::signbit(at_zeros[1]) == std::signbit(f.exact(-0.0)), where, "sign of zero");

  volatile float smallest = FLT_MIN;
  expect(smallest / 2 > 0, where, "the caller keeps subnormal numbers");
}

void check_activations(const CommandLine& line) {
  const std::uint32_t stride = 1009 * static_cast<std::uint32_t>(line.every);
  for (const std::string& isa : line.isas) {
    skrnn::select_isa(isa);
    check_activation({"sigmoid", skrnn::sigmoid, sigmoid}, isa, stride);
    check_activation({"tanh", skrnn::tanh, std::tanh}, isa, stride);
  }
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv, check_activations); }
