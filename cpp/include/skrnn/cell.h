// The description of a cell: its parameters and its states, as plain data.
//
// Each cell declares them once, beside its equations. Everything else, from the layout of files to
// the initial values, follows from these declarations.
#pragma once

#include <cstdint>

namespace skrnn {

// A size as a rule of a layer's input channels I and hidden units H.
struct SizeRule {
  int inputs;
  int units;

  constexpr std::int64_t of(std::int64_t input_size, std::int64_t hidden_size) const {
    return inputs * input_size + units * hidden_size;
  }
};

// The initial value of a parameter. Rows of gate g are [g * H, (g + 1) * H).
enum class Initial {
  kZero,
  kGlorotUniform,  // each gate: uniform within sqrt(6 / (fan in + fan out))
  kOrthogonal,     // each gate: a random orthogonal matrix
  kGateConstant,   // zero, but `value` in the rows of gate `gate`
};

struct InitialValue {
  Initial kind;
  int gate;
  float value;
};

struct ParameterInfo {
  const char* name;  // as PyTorch has it, "weight_ih"
  SizeRule rows;
  SizeRule columns;  // {0, 0} for a vector
  bool decays;       // true for weight matrices: weight decay applies to them
  bool optional;     // may be null, which stands for zeros
  InitialValue initial;

  constexpr bool is_vector() const { return columns.inputs == 0 && columns.units == 0; }
  constexpr std::int64_t size(std::int64_t input_size, std::int64_t hidden_size) const {
    return rows.of(input_size, hidden_size) *
           (is_vector() ? 1 : columns.of(input_size, hidden_size));
  }
};

struct StateInfo {
  const char* name;  // "h"
  SizeRule width;    // columns of the array [B, width]
};

// The largest number of states of any cell.
constexpr int kMostStates = 4;

}  // namespace skrnn
