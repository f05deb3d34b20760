// Weights, inputs and gradients that a cell is checked with, drawn at random.
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
  std::vector<Index> lengths;  // [B], or empty where all sequences have T steps
  // weight_ih [G * H, I], weight_hh [G * H, H], bias_ih, bias_hh [G * H] or absent, x [T, B, I],
  // h0, c0, dh_n, dc_n [B, H], dy [T, B, H]
  Arrays arrays;

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

// What varies besides sizes.
enum Option { kReverse = 1, kRagged = 2, kCarries = 4, kBias = 8, kFalling = 16, kOptions = 32 };

// Every number is of order one, sums of K products included.
inline Problem random_problem(Random& random, const skrnn::CellInfo& cell, Index T, Index B,
                              Index I, Index H, unsigned options) {
  Problem p{cell, T, B, I, H, (options & kReverse) != 0, (options & kCarries) != 0, {}, {}};
  if ((options & kRagged) != 0) {
    for (Index b = 0; b < B; ++b) p.lengths.push_back(1 + static_cast<Index>(random.next() % T));
    if ((options & kFalling) != 0) std::sort(p.lengths.rbegin(), p.lengths.rend());
  }
  const Index rows = cell.gates * H;
  p.arrays["weight_ih"] = random_vector(random, rows * I, 1 / std::sqrt(static_cast<double>(I)));
  p.arrays["weight_hh"] = random_vector(random, rows * H, 1 / std::sqrt(static_cast<double>(H)));
  if ((options & kBias) != 0) {
    p.arrays["bias_ih"] = random_vector(random, rows, 0.5);
    p.arrays["bias_hh"] = random_vector(random, rows, 0.5);
  }
  p.arrays["x"] = random_vector(random, T * B * I, 2);
  p.arrays["dy"] = random_vector(random, T * B * H, 1);
  for (const char* name : {"h0", "c0", "dh_n", "dc_n"}) {
    if (p.carries && (name[0] == 'h' || name[1] == 'h' || cell.states == 2)) {
      p.arrays[name] = random_vector(random, B * H, 1);
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
    const bool state = name == "h0" || name == "c0" || name == "dh_n" || name == "dc_n";
    if (!in_time && !state) continue;
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
