// Random weights, inputs and gradients for checks of a cell.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "floats.h"
#include "random.h"
#include "skrnn/layer.h"

using Arrays = std::map<std::string, Vector>;

struct Problem {
  skrnn::CellInfo cell;
  Index T, B, I, H;
  bool reverse;
  bool carries;                // there is a first state, and a gradient of the last
  std::vector<Index> lengths;  // [B], or empty if all sequences have T steps
  // The parameters by name, without some optional ones; x [T, B, I], dy [T, B, H]; and of each
  // state the initial value and the gradient of the last, h0 and dh_n [B, H].
  Arrays arrays;

  Index gates() const { return cell.parameters.front().rows.units; }  // G
  Index length(Index b) const { return lengths.empty() ? T : lengths[b]; }
  bool has(const std::string& name) const { return arrays.count(name) > 0; }
  // Time of step s of sequence b.
  Index time(Index s, Index b) const { return reverse ? length(b) - 1 - s : s; }

  std::string text() const {
    return cell.name + " T=" + std::to_string(T) + " B=" + std::to_string(B) +
           " I=" + std::to_string(I) + " H=" + std::to_string(H) + (reverse ? " reverse" : "") +
           (lengths.empty() ? "" : " ragged") + (carries ? " state" : "") +
           (has("bias_ih") ? " bias" : "");
  }
};

// Options of a problem besides its sizes.
enum Option { kReverse = 1, kRagged = 2, kCarries = 4, kBias = 8, kDescending = 16, kOptions = 32 };

// Whether an array is [B, H] and belongs to a state: h0, h_n, dh0, dh_n.
inline bool is_of_state(const skrnn::CellInfo& cell, const std::string& name) {
  for (const skrnn::StateInfo& state : cell.states) {
    for (const char* after : {"0", "_n"}) {
      if (name == state.name + std::string(after) ||
          name == std::string("d") + state.name + after) {
        return true;
      }
    }
  }
  return false;
}

// Every number is of order one, also sums of K products.
inline Problem random_problem(Random& random, const skrnn::CellInfo& cell, Index T, Index B,
                              Index I, Index H, unsigned options) {
  Problem p{cell, T, B, I, H, (options & kReverse) != 0, (options & kCarries) != 0, {}, {}};
  if ((options & kRagged) != 0) {
    for (Index b = 0; b < B; ++b) p.lengths.push_back(1 + static_cast<Index>(random.next() % T));
    if ((options & kDescending) != 0) std::sort(p.lengths.rbegin(), p.lengths.rend());
  }
  for (const skrnn::ParameterInfo& parameter : cell.parameters) {
    if (parameter.optional && (options & kBias) == 0) continue;
    const double products = static_cast<double>(parameter.columns.of(I, H));
    p.arrays[parameter.name] = random_vector(random, parameter.size(I, H),
                                             parameter.is_vector() ? 0.5 : 1 / std::sqrt(products));
  }
  p.arrays["x"] = random_vector(random, T * B * I, 2);
  p.arrays["dy"] = random_vector(random, T * B * H, 1);
  for (const bool first : {true, false}) {
    for (const skrnn::StateInfo& state : cell.states) {
      const std::string name =
          first ? state.name + std::string("0") : std::string("d") + state.name + "_n";
      if (p.carries) p.arrays[name] = random_vector(random, B * H, 1);
    }
  }
  return p;
}

// Sequence b alone, without padding.
inline Problem alone(const Problem& p, Index b) {
  Problem one = p;
  one.T = p.length(b);
  one.B = 1;
  one.lengths.clear();
  for (auto& [name, array] : one.arrays) {
    const bool in_time = name == "x" || name == "dy";
    if (!in_time && !is_of_state(p.cell, name)) continue;
    const Index columns = name == "x" ? p.I : p.H;
    const Vector& all = p.arrays.at(name);
    array.clear();
    for (Index t = 0; t < (in_time ? one.T : 1); ++t) {
      const auto row = all.begin() + (t * p.B + b) * columns;
      array.insert(array.end(), row, row + columns);
    }
  }
  return one;
}
