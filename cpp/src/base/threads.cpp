#include "skrnn/threads.h"

#include <atomic>

#include "base/parallel.h"

#if defined(_OPENMP) && (defined(__unix__) || defined(__APPLE__))
#include <pthread.h>
#define SKRNN_WATCH_FORK
#endif

namespace skrnn {
namespace {

#if defined(SKRNN_WATCH_FORK)
std::atomic<bool> forked{false};

// Registered when the library is loaded: a process may fork before it first calls the library.
const int watch = pthread_atfork(nullptr, nullptr, [] { forked = true; });
#endif

}  // namespace

bool threads_lost() noexcept {
#if defined(SKRNN_WATCH_FORK)
  static_cast<void>(watch);
  return forked;
#else
  return false;
#endif
}

bool has_openmp() noexcept {
#if defined(_OPENMP)
  return true;
#else
  return false;
#endif
}

int max_threads() noexcept {
#if defined(_OPENMP)
  return threads_lost() ? 1 : omp_get_max_threads();
#else
  return 1;
#endif
}

}  // namespace skrnn
