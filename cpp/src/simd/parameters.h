// Declarations of a cell's parameters and states; those that cells share have PyTorch's names.
//
// The kernels take the two weights and two biases of kShared first, in that order; a cell's own
// vectors follow.
#pragma once

#include "layer/kernel_table.h"

namespace skrnn::SKRNN_ISA {

constexpr SizeRule kInputs{1, 0};
constexpr SizeRule kUnits{0, 1};

enum SharedParameter { kWeightIh, kWeightHh, kBiasIh, kBiasHh, kSharedParameters };

constexpr InitialValue kZeros{Initial::kZero, 0, 0.0f};

// Zero, except for the bias of one gate, which sets how much of the state an untrained layer keeps.
constexpr InitialValue gate_starts_at(int gate, float value) {
  return {Initial::kGateConstant, gate, value};
}

constexpr ParameterInfo weight_ih(int gates) {
  return {"weight_ih", {0, gates}, kInputs, true, false, {Initial::kGlorotUniform, 0, 0.0f}};
}
constexpr ParameterInfo weight_hh(int gates) {
  return {"weight_hh", {0, gates}, kUnits, true, false, {Initial::kOrthogonal, 0, 0.0f}};
}
constexpr ParameterInfo bias_ih(int gates, InitialValue initial = kZeros) {
  return {"bias_ih", {0, gates}, {0, 0}, false, true, initial};
}
constexpr ParameterInfo bias_hh(int gates) {
  return {"bias_hh", {0, gates}, {0, 0}, false, true, kZeros};
}

// A number for each unit: a vector of the cell's own.
constexpr ParameterInfo unit_vector(const char* name) {
  return {name, kUnits, {0, 0}, false, true, kZeros};
}

// h, which is also the output. Other states follow it.
constexpr StateInfo kH{"h", kUnits};

template <class Cell>
constexpr int kNumParameters = sizeof(Cell::kParameters) / sizeof(ParameterInfo);
template <class Cell>
constexpr int kNumVectors = kNumParameters<Cell> - kSharedParameters;
template <class Cell>
constexpr int kNumStates = sizeof(Cell::kStates) / sizeof(StateInfo);

}  // namespace skrnn::SKRNN_ISA
