// One parallel region, with or without OpenMP.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include "skrnn/threads.h"

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace skrnn {

// True in a forked child: it inherits OpenMP's bookkeeping but none of its threads, and a parallel
// region would wait for them for ever.
bool threads_lost() noexcept;

// The number of threads to use for `work`, at most `wanted` (<= 0: max_threads()), so that each has
// at least `least` of the work and one of the `units` into which it can be divided.
inline int threads_worth(std::int64_t units, std::int64_t work, std::int64_t least,
                         int wanted) noexcept {
  if (threads_lost()) return 1;
  if (wanted <= 0) wanted = max_threads();
  return static_cast<int>(std::clamp<std::int64_t>(std::min(units, work / least), 1, wanted));
}

struct Team {
  int thread;
  int threads;
};

// A barrier for the threads of a team. A waiting thread spins for about as long as a running thread
// takes to arrive, then yields: OpenMP's own barrier keeps spinning, and if other work shares the
// cores it takes time from the thread that it waits for.
class Barrier {
 public:
  // Each of the `threads` threads of the team must call this.
  void wait(int threads) noexcept {
    if (threads == 1) return;
    const unsigned round = round_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
      arrived_.store(0, std::memory_order_relaxed);
      round_.store(round + 1, std::memory_order_release);
      return;
    }
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
      if (spins > kSpins) std::this_thread::yield();
    }
  }

 private:
  static constexpr int kSpins = 20'000;  // some ten microseconds
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> round_{0};
};

// The arguments of a barrier wait, the barrier and its number of threads, behind one pointer.
struct BarrierWait {
  Barrier* barrier;
  int threads;

  static void wait(void* context) noexcept {
    const auto& self = *static_cast<BarrierWait*>(context);
    self.barrier->wait(self.threads);
  }
};

// Calls body(team) on each of up to `threads` threads.
template <class Body>
void run_parallel(int threads, const Body& body) {
#if defined(_OPENMP)
  if (threads > 1) {
#pragma omp parallel num_threads(threads)
    body(Team{omp_get_thread_num(), omp_get_num_threads()});
    return;
  }
#endif
  static_cast<void>(threads);
  body(Team{0, 1});
}

}  // namespace skrnn
