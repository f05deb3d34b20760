// Windows of series passed from Python to the engine: the class `Windows`.
#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <vector>

#include "skrnn/network.h"

namespace skrnn::bindings {

// Checked views of what skrnn::Windows reads. Which numbers each window covers depends on its rows,
// which come with it; `check` looks at them.
struct WindowArrays {
  pybind11::array numbers, starts, levels, scales, following;
  pybind11::array covariates, covariate_starts;
  std::vector<std::int64_t> lags;
  Windows windows;

  // `numbers` is float32 [N]; `starts` int64 [n]; `levels` and `scales` float32 [n] or None;
  // `following` float32 [N] or None; `covariates` None or a tuple (values float32 [S], starts int64
  // [n], of a row, of a step to come). Throws TypeError or ValueError.
  WindowArrays(pybind11::handle numbers, pybind11::handle starts, std::int64_t width,
               pybind11::handle levels, pybind11::handle scales, pybind11::handle lags,
               pybind11::handle following, bool reconstructs, std::int64_t season,
               pybind11::handle covariates);

  // Throws ValueError unless the windows are what the network reads, and all numbers that a window
  // reads are in the array; with `targets`, also so many of these, and its last season.
  void check(const NetworkSettings& settings, const SequenceData& data, std::int64_t targets) const;

 private:
  void read_covariates(pybind11::handle covariates);
};

}  // namespace skrnn::bindings
