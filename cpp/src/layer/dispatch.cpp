#include "layer/dispatch.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "skrnn/isa.h"

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

namespace skrnn {

#if defined(SKRNN_HAVE_AVX512)
extern const KernelTable kAvx512Kernels;
#endif
#if defined(SKRNN_HAVE_AVX2)
extern const KernelTable kAvx2Kernels;
#endif
#if defined(SKRNN_HAVE_NEON)
extern const KernelTable kNeonKernels;
#endif
#if defined(SKRNN_HAVE_BASELINE)
extern const KernelTable kBaselineKernels;
#endif

namespace {

#if defined(SKRNN_HAVE_AVX2) || defined(SKRNN_HAVE_AVX512)
#if defined(_MSC_VER) && !defined(__clang__)

// True if the operating system saves the registers in `mask`: bits 1 and 2 for AVX, and 5, 6 and 7
// as well for AVX-512.
bool system_saves(unsigned long long mask) {
  int leaf[4];
  __cpuid(leaf, 1);
  return (leaf[2] & (1 << 27)) != 0 && (_xgetbv(0) & mask) == mask;
}
bool runs_avx2() {
  int leaf1[4], leaf7[4];
  __cpuid(leaf1, 1);
  __cpuidex(leaf7, 7, 0);
  return system_saves(0x6) && (leaf1[2] & (1 << 12)) != 0 && (leaf7[1] & (1 << 5)) != 0;
}
bool runs_avx512() {
  int leaf7[4];
  __cpuidex(leaf7, 7, 0);
  const int needed = (1 << 16) | (1 << 17) | (1 << 30) | static_cast<int>(1u << 31);
  return runs_avx2() && system_saves(0xe6) && (leaf7[1] & needed) == needed;
}

#else

bool runs_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#endif
#endif

[[maybe_unused]] bool runs_always() { return true; }

struct Implementation {
  const KernelTable* kernels;
  bool (*runs_here)();
};

// In order of preference. An explicit list: nothing registers itself.
const Implementation kImplementations[] = {
#if defined(SKRNN_HAVE_AVX512)
    {&kAvx512Kernels, runs_avx512},
#endif
#if defined(SKRNN_HAVE_AVX2)
    {&kAvx2Kernels, runs_avx2},
#endif
#if defined(SKRNN_HAVE_NEON)
    {&kNeonKernels, runs_always},
#endif
#if defined(SKRNN_HAVE_BASELINE)
    {&kBaselineKernels, runs_always},
#endif
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

const KernelTable* find(const std::string& name, const char* who) {
  for (const Implementation& candidate : kImplementations) {
    if (name != candidate.kernels->isa) continue;
    if (candidate.runs_here()) return candidate.kernels;
    throw std::invalid_argument(who + (": this CPU cannot run '" + name) +
                                "'; choose one of: " + joined(available_isas()));
  }
  throw std::invalid_argument(who + (": unknown instruction set '" + name) +
                              "'; choose one of: " + joined(available_isas()));
}

std::atomic<const KernelTable*>& active() {
  static std::atomic<const KernelTable*> table = [] {
    const char* wanted = std::getenv("SKRNN_ISA");
    return wanted != nullptr && *wanted != '\0' ? find(wanted, "SKRNN_ISA")
                                                : find(available_isas().front(), "SKRNN_ISA");
  }();
  return table;
}

}  // namespace

const KernelTable& active_kernels() { return *active().load(std::memory_order_relaxed); }

std::vector<std::string> compiled_isas() {
  std::vector<std::string> names;
  for (const Implementation& i : kImplementations) names.emplace_back(i.kernels->isa);
  return names;
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Implementation& i : kImplementations) {
    if (i.runs_here()) names.emplace_back(i.kernels->isa);
  }
  return names;
}

std::string active_isa() { return active_kernels().isa; }

void select_isa(const std::string& name) { active() = find(name, "isa"); }

int isa_lanes() { return active_kernels().lanes; }

}  // namespace skrnn
