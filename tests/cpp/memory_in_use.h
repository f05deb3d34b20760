// Counters of the memory of operator new: bytes in use, their maximum since its last reset, and
// allocations. Each program is one source file, and includes this once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::atomic<std::size_t> in_use{0}, most_in_use{0}, allocations{0};  // of any thread

void* take(std::size_t size, std::size_t alignment) {
  // The size is stored before the block.
  const std::size_t head = alignment < 16 ? 16 : alignment;
  void* memory = std::aligned_alloc(head, head + (size + head - 1) / head * head);
  if (memory == nullptr) throw std::bad_alloc();
  std::memcpy(memory, &size, sizeof size);
  ++allocations;
  in_use += size;
  if (in_use > most_in_use) most_in_use = in_use.load();
  return static_cast<char*>(memory) + head;
}

void give_back(void* block, std::size_t alignment) noexcept {
  if (block == nullptr) return;
  void* memory = static_cast<char*>(block) - (alignment < 16 ? 16 : alignment);
  std::size_t size = 0;
  std::memcpy(&size, memory, sizeof size);
  in_use -= size;
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return take(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return take(size, static_cast<std::size_t>(alignment));
}
// The sanitizers have their own, which would not match the delete below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return take(size, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* p) noexcept { give_back(p, 1); }
void operator delete(void* p, std::size_t) noexcept { give_back(p, 1); }
void operator delete(void* p, std::align_val_t alignment) noexcept {
  give_back(p, static_cast<std::size_t>(alignment));
}
void operator delete(void* p, std::size_t, std::align_val_t alignment) noexcept {
  give_back(p, static_cast<std::size_t>(alignment));
}
