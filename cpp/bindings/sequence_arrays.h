// Sequences and targets passed from Python to the engine.
#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <vector>

#include "skrnn/network.h"
#include "skrnn/trainer.h"
#include "window_arrays.h"

namespace skrnn::bindings {

// A checked view of side channels: None, or for a network of K side channels the tuple (values
// float32 [rows, K], offsets int64 [n + 1]), with one row at least for each of n sequences.
struct SideArrays {
  pybind11::array values, offsets;
  SideChannels side;

  SideArrays(const NetworkSettings& settings, pybind11::handle object, std::int64_t n);
};

// Checked views of flat sequences: `values` is float32 [rows, C], or for tokens uint8, uint16,
// int32 or int64 [rows]; `offsets` is int64 [n + 1], strictly increasing from 0 to rows.
// In place of `values` there may be `Windows`, whose rows `offsets` counts.
// `spellings` is None, or for a network with characters the tuple (words int64 [rows], word_offsets
// int64 [num_words + 1], letters int32): row r reads word words[r], and the letters of word w are
// letters [word_offsets[w], word_offsets[w + 1]), one at least. `side` is as SideArrays takes it.
// With `ends_in_target` the last token of each sequence is no step, but the target of the one
// before it. Throws TypeError or ValueError.
struct SequenceArrays {
  pybind11::array values;
  pybind11::array offsets;
  pybind11::array words, word_offsets;
  const WindowArrays* windows = nullptr;  // of the caller, or null
  std::vector<std::int64_t> letters;
  SequenceData data;

  SequenceArrays(const NetworkLayout& model, pybind11::handle values, pybind11::handle offsets,
                 pybind11::handle spellings, pybind11::handle side, bool ends_in_target = false);

 private:
  void read_windows(const NetworkSettings& settings, const WindowArrays& arrays);
  void read_spellings(const NetworkSettings& settings, pybind11::handle spellings);
  void take_targets_from_steps();

  std::vector<std::int64_t> step_offsets_;  // if they are not those of tokens
  SideArrays side_;
};

// Checked views of targets ([rows, columns]) and weights ([rows] or None), both float32. Targets of
// None are the next tokens, which have no weights.
struct TargetArrays {
  pybind11::array values;
  pybind11::object weights;
  Targets targets;

  TargetArrays(const NetworkLayout& model, const TrainingSettings& settings, std::int64_t columns,
               const SequenceArrays& sequences, pybind11::handle values, pybind11::handle weights);
};

}  // namespace skrnn::bindings
