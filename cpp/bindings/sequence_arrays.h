// Sequences and targets passed from Python to the engine.
#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <vector>

#include "skrnn/network.h"
#include "skrnn/trainer.h"

namespace skrnn::bindings {

// Checked views of flat sequences: `values` is float32 [rows, C], or for tokens uint8, uint16,
// int32 or int64 [rows]; `offsets` is int64 [n + 1], strictly increasing from 0 to rows. With
// `ends_in_target` the last token of each sequence is no step, but the target of the one before it.
// Throws ValueError.
struct SequenceArrays {
  pybind11::array values;
  pybind11::array offsets;
  SequenceData data;

  SequenceArrays(const NetworkLayout& model, pybind11::handle values, pybind11::handle offsets,
                 bool ends_in_target = false);

 private:
  std::vector<std::int64_t> step_offsets_;  // if they are not those of tokens
};

// Checked views of targets ([rows, columns]) and weights ([rows] or None), both float32. Targets of
// None are the next tokens, which have no weights.
struct TargetArrays {
  pybind11::array values;
  pybind11::object weights;
  Targets targets;

  TargetArrays(const NetworkLayout& model, const TrainingSettings& settings, std::int64_t columns,
               const SequenceData& data, pybind11::handle values, pybind11::handle weights);
};

}  // namespace skrnn::bindings
