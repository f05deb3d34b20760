// Expectations: counted, and printed if they fail. Each program is one source file, and includes
// this once.
#pragma once

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>

inline int passed = 0, failed = 0;

inline void expect(bool holds, const std::string& where, const std::string& what) {
  ++(holds ? passed : failed);
  if (!holds && failed <= 50) std::printf("FAILED  %s: %s\n", where.c_str(), what.c_str());
}

inline void expect(bool holds, const std::string& what) {
  ++(holds ? passed : failed);
  if (!holds && failed <= 50) std::printf("FAILED  %s\n", what.c_str());
}

// Expects that `make` throws a std::invalid_argument whose message contains `words`.
inline void expect_refused(const std::function<void()>& make, const std::string& words) {
  std::string message;
  try {
    make();
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  expect(message.find(words) != std::string::npos,
         "expected an error with \"" + words + "\", got: " + message);
}

// The exit status of a program.
inline int conclusion() {
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
