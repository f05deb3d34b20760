// The read bandwidth, as a shared library for bench/_machine.py and as a program that prints it.
#include "read_bandwidth.h"

#include <cstdio>

extern "C" double read_bandwidth_gbs(int threads, long long bytes, double seconds) {
  return bench::read_bandwidth(threads, static_cast<std::size_t>(bytes), seconds);
}

extern "C" const char* read_bandwidth_isa() { return bench::widest_reader().isa; }

int main() {
  for (int threads : {1, 2}) {
    for (long long kilobytes : {8, 32, 128, 512, 2048, 8192, 65536}) {
      std::printf("%d thread(s), %s, %lld KB: %.1f GB/s\n", threads, read_bandwidth_isa(),
                  kilobytes, read_bandwidth_gbs(threads, kilobytes * 1024, 0.2));
    }
  }
  return 0;
}
