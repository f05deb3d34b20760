// Scores of anomalies in a series while it goes on, from a model that reconstructs windows:
//
//   const skrnn::Model model = skrnn::Model::load("detector.skrnn");
//   const skrnn::AnomalySettings settings = model.anomalies().value();
//   skrnn::AnomalyStream stream(model, settings);
//   while (read(x)) if (stream.step(x) < settings.offset) alarm();  // never allocates or throws
#pragma once

#include <cstdint>
#include <memory>

#include "skrnn/model.h"

namespace skrnn {

// The error of a window is the largest of its channels' mean absolute errors of reconstruction,
// each in its unit; 1 if nothing in it was observed. The score of a step is minus the mean error of
// the windows that contain it and end at most `delay` steps later; -1, a typical one, if there is
// none.
//
// step allocates nothing, throws nothing, locks nothing, and runs on the calling thread. One thread
// at a time may use a stream; any number of streams may share a model.
class AnomalyStream {
 public:
  // Throws std::invalid_argument for a model that does not reconstruct windows of so many rows, and
  // settings out of range.
  AnomalyStream(const Model& model, const AnomalySettings& settings);
  ~AnomalyStream();
  AnomalyStream(AnomalyStream&&) noexcept;
  AnomalyStream& operator=(AnomalyStream&&) noexcept;

  std::int64_t channels() const noexcept;  // C
  std::int64_t delay() const noexcept;
  std::int64_t window() const noexcept;  // L, steps of a window

  // Reads a step of all channels, [C]; NaN is a missing number. Returns the score of the step that
  // was read `delay` steps before, NaN if there was none.
  double step(const double* numbers) noexcept;
  // The scores of the steps that were read after that one, oldest first, from the windows so far:
  // there are min(delay, steps read) of them. Returns that number.
  std::int64_t pending(double* scores /* [delay] */) const noexcept;

  void reset() noexcept;  // a new series begins

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
