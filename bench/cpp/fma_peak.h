// The float32 multiply-add rate of this machine: independent chains of FMAs on values that stay in
// registers, so that only the FMA units bound it. The widest vectors of the CPU are used, whatever
// the compiler's target. For GCC and Clang, -O2 or more.
//
// Independent of scikit-rnn, so that a kernel can be compared with it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace bench {

constexpr long kStepsPerBurst = 10000;

// The loop of one instruction set: `run` does kStepsPerBurst FMAs in each of `chains` registers of
// `lanes` float32. Chains must cover latency times units: 8 on every x86-64 with FMA, 16 on the
// widest Arm.
struct Burst {
  const char* isa;
  int lanes, chains;
  float (*run)(float a, float b);

  double flops() const { return 2.0 * lanes * chains * static_cast<double>(kStepsPerBurst); }
};

// Each loop must keep its sums in registers and contain only FMAs: check the assembly after a
// change. The values stay small: no overflow, no denormals. Not inlined, and a and b come from
// volatiles, or a compiler could reuse the result of a call.
#if defined(__x86_64__)

[[gnu::noinline, gnu::target("avx512f")]] inline float burst_avx512(float a, float b) {
  const __m512 va = _mm512_set1_ps(a), vb = _mm512_set1_ps(b);
  __m512 sum[12];
#pragma GCC unroll 32
  for (int i = 0; i < 12; ++i) sum[i] = _mm512_set1_ps(static_cast<float>(i));
  for (long step = 0; step < kStepsPerBurst; ++step) {
#pragma GCC unroll 32
    for (int i = 0; i < 12; ++i) sum[i] = _mm512_fmadd_ps(va, vb, sum[i]);
  }
#pragma GCC unroll 32
  for (int i = 1; i < 12; ++i) sum[0] = _mm512_add_ps(sum[0], sum[i]);
  return _mm512_cvtss_f32(sum[0]);
}

[[gnu::noinline, gnu::target("avx2,fma")]] inline float burst_avx2(float a, float b) {
  const __m256 va = _mm256_set1_ps(a), vb = _mm256_set1_ps(b);
  __m256 sum[12];  // of 16 registers
#pragma GCC unroll 32
  for (int i = 0; i < 12; ++i) sum[i] = _mm256_set1_ps(static_cast<float>(i));
  for (long step = 0; step < kStepsPerBurst; ++step) {
#pragma GCC unroll 32
    for (int i = 0; i < 12; ++i) sum[i] = _mm256_fmadd_ps(va, vb, sum[i]);
  }
#pragma GCC unroll 32
  for (int i = 1; i < 12; ++i) sum[0] = _mm256_add_ps(sum[0], sum[i]);
  return _mm256_cvtss_f32(sum[0]);
}

// The loop for the widest vectors of this CPU. `run` is null on an x86-64 without FMA.
inline Burst widest_burst() {
  if (__builtin_cpu_supports("avx512f")) return {"avx512", 16, 12, burst_avx512};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    return {"avx2", 8, 12, burst_avx2};
  }
  return {"none", 0, 0, nullptr};
}

#elif defined(__aarch64__)

[[gnu::noinline]] inline float burst_neon(float a, float b) {
  const float32x4_t va = vdupq_n_f32(a), vb = vdupq_n_f32(b);
  float32x4_t sum[20];
#pragma GCC unroll 32
  for (int i = 0; i < 20; ++i) sum[i] = vdupq_n_f32(static_cast<float>(i));
  for (long step = 0; step < kStepsPerBurst; ++step) {
#pragma GCC unroll 32
    for (int i = 0; i < 20; ++i) sum[i] = vfmaq_f32(sum[i], va, vb);
  }
#pragma GCC unroll 32
  for (int i = 1; i < 20; ++i) sum[0] = vaddq_f32(sum[0], sum[i]);
  return vgetq_lane_f32(sum[0], 0);
}

inline Burst widest_burst() { return {"neon", 4, 20, burst_neon}; }

#else
#error "fma_peak.h supports x86-64 and aarch64"
#endif

// GFLOP/s of `threads` threads together, each running for about `seconds` after all have started;
// 0 if the CPU has no FMA.
inline double fma_peak(int threads, double seconds) {
  using Clock = std::chrono::steady_clock;
  const Burst burst = widest_burst();
  if (burst.run == nullptr) return 0.0;
  std::atomic<int> starting{threads};
  std::vector<double> rates(static_cast<std::size_t>(threads));

  auto work = [&](int rank) {
    volatile float a = 0.5f, b = 0.001f;
    float sink = burst.run(a, b);
    starting.fetch_sub(1);
    while (starting.load() > 0) {
    }
    const auto start = Clock::now();
    long bursts = 0;
    double elapsed = 0.0;
    do {
      sink += burst.run(a, b);
      ++bursts;
      elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    } while (elapsed < seconds);
    a = sink;
    rates[static_cast<std::size_t>(rank)] =
        burst.flops() * static_cast<double>(bursts) / elapsed * 1e-9;
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
