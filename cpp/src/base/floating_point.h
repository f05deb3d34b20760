// Subnormal numbers cost a hundred cycles each on many CPUs, and a decaying state is full of them.
// While one of these lives, its thread treats them as zero; then the caller's flags come back.
#pragma once

#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#endif
#include <cstdint>

namespace skrnn {

class FlushSubnormals {
 public:
  FlushSubnormals() noexcept : before_(read()) { write(before_ | kFlush); }
  ~FlushSubnormals() { write(before_); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
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
  Register before_;
};

}  // namespace skrnn
