// What a model of windows says of series while they go on: with every number, of the newest window.
#pragma once

#include <cstdint>
#include <memory>

#include "skrnn/model.h"

namespace skrnn {

// What is subtracted from the numbers of a window before the network reads them.
enum class WindowLevel {
  kLast,  // the last of them
  kMean,
};

// The newest window of each of n series: the last rows * width numbers, `width` being the channels
// of the model, in units that the caller has chosen. A number that is NaN is missing: the one
// before it is read in its place, or zero if there is none.
//
// step allocates nothing, throws nothing, locks nothing, and runs on the calling thread. One thread
// at a time may use a stream; any number of streams may share a model.
class WindowStream {
 public:
  // Throws std::invalid_argument for a model that does not answer for steps to come
  // (Pooling::kHorizon) from channels, one that reads covariates of these, and sizes below 1.
  WindowStream(const Model& model, std::int64_t rows, WindowLevel level, std::int64_t series = 1);
  ~WindowStream();
  WindowStream(WindowStream&&) noexcept;
  WindowStream& operator=(WindowStream&&) noexcept;

  std::int64_t series() const noexcept;   // n
  std::int64_t length() const noexcept;   // L, numbers of a window
  std::int64_t outputs() const noexcept;  // of a window: horizon * K

  // Reads the next number of each series, [n]. Returns the outputs of the network for the newest
  // windows, [n, outputs()], relative to their levels: the same bits as skrnn::predict on them.
  // They are valid until the next call; null while windows are not full.
  const float* step(const float* numbers) noexcept;
  const float* levels() const noexcept;  // [n], of the windows of the last step
  // The mean absolute error of the last outputs from the numbers of their windows themselves, for a
  // network that reconstructs what it reads, [n]. NaN for a window without any number.
  const double* reconstruction_errors() noexcept;

  void reset() noexcept;  // new series begin

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
