// The command line of the programs about kernels:
//
//   check_... [--every N] [instruction set ...]
//
// Without names a program runs every instruction set of this CPU; with --every N only each N-th
// case, for emulators (5 or 11 still include all sizes). For AArch64 see
// cmake/aarch64-linux-gnu.cmake.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "expect.h"
#include "skrnn/isa.h"
#include "skrnn/threads.h"

struct CommandLine {
  int every = 1;
  std::vector<std::string> isas;
};

inline CommandLine parse(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--every" && i + 1 < argc) {
      line.every = std::max(1, std::atoi(argv[++i]));
    } else {
      line.isas.push_back(argument);
    }
  }
  if (line.isas.empty()) line.isas = skrnn::available_isas();
  return line;
}

// Runs `check`, which takes a CommandLine, and returns the exit status of the program.
template <class Check>
int run(int argc, char** argv, const Check& check) {
  try {
    const CommandLine line = parse(argc, argv);
    for (const std::string& isa : line.isas) {
      skrnn::select_isa(isa);
      std::printf("%s: %d lanes, OpenMP %s\n", isa.c_str(), skrnn::isa_lanes(),
                  skrnn::has_openmp() ? "yes" : "no");
    }
    check(line);
    return conclusion();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  }
}
