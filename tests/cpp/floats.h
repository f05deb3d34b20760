// Arrays with guards that detect reads and writes out of bounds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "random.h"

using Index = std::int64_t;
using Vector = std::vector<double>;

inline Vector random_vector(Random& random, Index n, double bound) {
  Vector v(n);
  for (double& a : v) a = static_cast<double>(random.uniform(bound));
  return v;
}

// Floats for the library to read or write, between guards of NaN. A write to a guard is detected; a
// read of a guard, or of an element that was never written, puts a NaN into the results.
class Floats {
 public:
  explicit Floats(Index n) : memory_(n + 2 * kGuard, kNan) {}
  explicit Floats(const Vector& values) : Floats(static_cast<Index>(values.size())) {
    std::copy(values.begin(), values.end(), data());
  }
  float* data() { return memory_.data() + kGuard; }
  Index size() const { return static_cast<Index>(memory_.size()) - 2 * kGuard; }
  float operator[](Index i) const { return memory_[i + kGuard]; }
  bool guards_intact() const {
    bool intact = true;
    for (Index i = 0; i < kGuard; ++i) {
      intact &= std::isnan(memory_[i]) && std::isnan(memory_[memory_.size() - 1 - i]);
    }
    return intact;
  }

 private:
  static constexpr Index kGuard = 67;  // odd: no alignment beyond a float's
  static constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> memory_;
};

inline bool same_bits(const Floats& a, Index a_begin, const Floats& b, Index b_begin, Index n) {
  for (Index i = 0; i < n; ++i) {
    const float x = a[a_begin + i], y = b[b_begin + i];
    if (std::memcmp(&x, &y, sizeof x) != 0) return false;
  }
  return true;
}
inline bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && same_bits(a, 0, b, 0, a.size());
}
