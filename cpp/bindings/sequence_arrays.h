// Sequences and targets passed from Python to the engine.
#pragma once

#include <pybind11/numpy.h>

#include "skrnn/network.h"
#include "skrnn/trainer.h"

namespace skrnn::bindings {

// Checked views of flat sequences: `values` is float32 [rows, C], or int64 [rows] for tokens;
// `offsets` is int64 [n + 1], strictly increasing from 0 to rows. Throws ValueError.
struct SequenceArrays {
  pybind11::array values;
  pybind11::array offsets;
  SequenceData data;

  SequenceArrays(const NetworkLayout& model, pybind11::handle values, pybind11::handle offsets);
};

// Checked views of targets ([rows, columns]) and weights ([rows] or None), both float32.
struct TargetArrays {
  pybind11::array values;
  pybind11::object weights;
  Targets targets;

  TargetArrays(const NetworkLayout& model, const TrainingSettings& settings, std::int64_t columns,
               const SequenceData& data, pybind11::handle values, pybind11::handle weights);
};

}  // namespace skrnn::bindings
