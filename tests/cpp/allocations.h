// A counter of allocations: those of C, if its functions can be replaced, else those of operator
// new, counted by memory_in_use.h. Each program is one source file, and includes this once.
#pragma once

#include <atomic>
#include <cstddef>

#include "memory_in_use.h"

// The sanitizers have their own malloc; then operator new of memory_in_use.h counts.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SKRNN_COUNTS_MALLOC 1

namespace {
std::atomic<long> mallocs{0};
}

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t n, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  ++mallocs;
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
  ++mallocs;
  return __libc_calloc(n, size);
}
void* realloc(void* memory, std::size_t size) {
  ++mallocs;
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  ++mallocs;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++mallocs;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  ++mallocs;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? 12 : 0;  // ENOMEM
}
}
#endif

inline long count_of_allocations() {
#if defined(SKRNN_COUNTS_MALLOC)
  return mallocs;
#else
  return static_cast<long>(allocations);
#endif
}
