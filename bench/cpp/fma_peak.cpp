// The FMA peak, as a shared library for bench/_machine.py and as a program that prints it.
#include "fma_peak.h"

#include <cstdio>

extern "C" double fma_peak_gflops(int threads, double seconds) {
  return bench::fma_peak(threads, seconds);
}

extern "C" const char* fma_peak_isa() { return bench::widest_burst().isa; }

int main() {
  for (int threads : {1, 2}) {
    std::printf("%d thread(s), %s: %.1f GFLOP/s\n", threads, fma_peak_isa(),
                fma_peak_gflops(threads, 0.5));
  }
  return 0;
}
