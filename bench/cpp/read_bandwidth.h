// Read bandwidth of this machine for repeated reads: loads of the widest vectors into independent
// sums, over the same bytes, which come from the smallest cache that holds them. For GCC and Clang,
// -O2 or more.
//
// Independent of scikit-rnn, so that a kernel can be compared with it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace bench {

constexpr std::size_t kReadLine = 512;  // bytes; sizes are multiples of it

// The loop of one instruction set: `run` adds up `count` floats, a multiple of kReadLine /
// sizeof(float), at an address aligned to 64 bytes.
struct Reader {
  const char* isa;
  float (*run)(const float* values, std::size_t count);
};

// Each loop must contain only additions with an operand in memory (on Arm, loads and additions),
// its sums in registers: check the assembly after a change. Eight sums cover the latency of an
// addition at two per cycle.
#if defined(__x86_64__)

[[gnu::noinline, gnu::target("avx512f")]] inline float read_avx512(const float* values,
                                                                   std::size_t count) {
  __m512 sum[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) sum[i] = _mm512_setzero_ps();
  for (std::size_t at = 0; at < count; at += 128) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      sum[i] = _mm512_add_ps(sum[i], _mm512_load_ps(values + at + 16 * i));
    }
  }
#pragma GCC unroll 8
  for (int i = 1; i < 8; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  return _mm512_cvtss_f32(sum[0]);
}

[[gnu::noinline, gnu::target("avx2")]] inline float read_avx2(const float* values,
                                                              std::size_t count) {
  __m256 sum[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) sum[i] = _mm256_setzero_ps();
  for (std::size_t at = 0; at < count; at += 64) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      sum[i] = _mm256_add_ps(sum[i], _mm256_load_ps(values + at + 8 * i));
    }
  }
#pragma GCC unroll 8
  for (int i = 1; i < 8; ++i) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  return _mm256_cvtss_f32(sum[0]);
}

// The loop for the widest vectors of this CPU. `run` is null on an x86-64 without AVX2.
inline Reader widest_reader() {
  if (__builtin_cpu_supports("avx512f")) return {"avx512", read_avx512};
  if (__builtin_cpu_supports("avx2")) return {"avx2", read_avx2};
  return {"none", nullptr};
}

#elif defined(__aarch64__)

[[gnu::noinline]] inline float read_neon(const float* values, std::size_t count) {
  float32x4_t sum[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) sum[i] = vdupq_n_f32(0.0f);
  for (std::size_t at = 0; at < count; at += 64) {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) sum[i] = vaddq_f32(sum[i], vld1q_f32(values + at + 4 * i));
  }
#pragma GCC unroll 16
  for (int i = 1; i < 16; ++i) sum[0] = vaddq_f32(sum[0], sum[i]);
  return vgetq_lane_f32(sum[0], 0);
}

inline Reader widest_reader() { return {"neon", read_neon}; }

#else
#error "read_bandwidth.h supports x86-64 and aarch64"
#endif

// GB/s (1e9 bytes) of `threads` threads together, each reading its share of `bytes` repeatedly for
// about `seconds` after all have started; 0 if there is no loop for the CPU.
inline double read_bandwidth(int threads, std::size_t bytes, double seconds) {
  using Clock = std::chrono::steady_clock;
  const Reader reader = widest_reader();
  if (reader.run == nullptr) return 0.0;
  const std::size_t share = bytes / static_cast<std::size_t>(threads);
  const std::size_t lines = share < kReadLine ? 1 : (share + kReadLine / 2) / kReadLine;
  const std::size_t count = lines * (kReadLine / sizeof(float));
  // So many passes between two readings of the clock that their cost is negligible.
  const std::size_t passes = 1 + (std::size_t{1} << 17) / (count * sizeof(float));
  constexpr std::align_val_t kAlignment{64};
  std::atomic<int> starting{threads};
  std::vector<double> rates(static_cast<std::size_t>(threads));

  auto work = [&](int rank) {
    // Written, or all pages would map to one page of zeros.
    auto* values = new (kAlignment) float[count];
    for (std::size_t i = 0; i < count; ++i) values[i] = 1e-3f;
    volatile float sink = reader.run(values, count);
    starting.fetch_sub(1);
    while (starting.load() > 0) {
    }
    const auto start = Clock::now();
    std::size_t read = 0;
    double elapsed = 0.0;
    do {
      for (std::size_t pass = 0; pass < passes; ++pass) sink = sink + reader.run(values, count);
      read += passes * count * sizeof(float);
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < seconds);
    rates[static_cast<std::size_t>(rank)] = static_cast<double>(read) / elapsed * 1e-9;
    operator delete[](values, kAlignment);
  };

  std::vector<std::thread> team;
  for (int rank = 1; rank < threads; ++rank) team.emplace_back(work, rank);
  work(0);
  for (std::thread& member : team) member.join();

  double total = 0.0;
  for (double rate : rates) total += rate;
  return total;
}

}  // namespace bench
