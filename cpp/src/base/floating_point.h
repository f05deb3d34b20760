// The floating-point mode of a thread: its rounding, and its treatment of subnormal numbers.
#pragma once

#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#endif
#include <cstdint>

namespace skrnn {

// Within its scope, the calling thread computes in `mode`; afterwards its previous mode is
// restored. Each thread of a team has its own mode, so a worker takes that of the calling thread:
// otherwise results would depend on which thread computed them.
class FloatingPointMode {
 public:
#if defined(__SSE__) || defined(_M_X64)
  using Register = unsigned int;
  static constexpr Register kFlush = 0x8040;  // MXCSR: flush results, read operands as zero
  static Register read() noexcept { return _mm_getcsr(); }
  static void write(Register value) noexcept { _mm_setcsr(value); }
#elif defined(__aarch64__) && !defined(_MSC_VER)
  using Register = std::uint64_t;
  static constexpr Register kFlush = std::uint64_t{1} << 24;  // FPCR.FZ
  static Register read() noexcept {
    Register value;
    asm volatile("mrs %0, fpcr" : "=r"(value));
    return value;
  }
  static void write(Register value) noexcept { asm volatile("msr fpcr, %0" : : "r"(value)); }
#else
  using Register = unsigned int;
  static constexpr Register kFlush = 0;
  static Register read() noexcept { return 0; }
  static void write(Register) noexcept {}
#endif

  explicit FloatingPointMode(Register mode) noexcept : before_(read()) { write(mode); }
  ~FloatingPointMode() { write(before_); }
  FloatingPointMode(const FloatingPointMode&) = delete;
  FloatingPointMode& operator=(const FloatingPointMode&) = delete;

 private:
  Register before_;
};

// Subnormal numbers cost a hundred cycles each on many CPUs, and a decaying state is full of them.
// Within the scope of this class, the calling thread treats them as zero.
class FlushSubnormals : public FloatingPointMode {
 public:
  FlushSubnormals() noexcept : FloatingPointMode(read() | kFlush) {}
};

}  // namespace skrnn
