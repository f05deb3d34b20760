// How many threads a call may use. Results never depend on it.
#pragma once

namespace skrnn {

// False where the library was built without OpenMP: everything then runs on the calling thread.
bool has_openmp() noexcept;

// The caller's limit, as set by OMP_NUM_THREADS, omp_set_num_threads or threadpoolctl; 1 without
// OpenMP, and 1 in a forked child, where OpenMP's worker threads no longer exist.
int max_threads() noexcept;

}  // namespace skrnn
