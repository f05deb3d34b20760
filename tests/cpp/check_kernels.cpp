// Checks of the kernels without Python, so that they can also run under an emulator. The reference
// is the equations in double precision.
//
//   cmake -S . -B build/core -DSKRNN_BUILD_PYTHON=OFF -DSKRNN_BUILD_TESTS=ON
//   cmake --build build/core
//   build/core/tests/cpp/check_kernels [--every N] [instruction set ...]
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cell_problem.h"
#include "cell_reference.h"
#include "command_line.h"
#include "expect.h"
#include "floats.h"
#include "random.h"
#include "skrnn/batch.h"
#include "skrnn/isa.h"
#include "skrnn/layer.h"
#include "skrnn/threads.h"

namespace {

using Results = std::map<std::string, Floats>;

// Weights, inputs and gradients in the layout of the library.
struct Operands {
  explicit Operands(const Problem& p) {
    for (const auto& [name, array] : p.arrays) arrays.emplace(name, Floats(array));
  }
  float* get(const std::string& name) {
    const auto found = arrays.find(name);
    return found == arrays.end() ? nullptr : found->second.data();
  }
  skrnn::Layer layer(const Problem& p) {
    skrnn::LayerParameters parameters;
    for (const skrnn::ParameterInfo& parameter : p.cell.parameters) {
      parameters.push_back(get(parameter.name));
    }
    return skrnn::Layer(p.cell.name, p.I, p.H, parameters);
  }
  // The arrays of all states, by prefix and suffix: "" and "0" for h0, and so on.
  std::vector<const float*> states(const Problem& p, const char* before, const char* after) {
    std::vector<const float*> pointers;
    for (const skrnn::StateInfo& state : p.cell.states) {
      pointers.push_back(get(std::string(before) + state.name + after));
    }
    return pointers;
  }
  Results arrays;
};

skrnn::Batch padded(const Problem& p) {
  return skrnn::Batch::padded(p.T, p.B, p.lengths.empty() ? nullptr : p.lengths.data(), p.reverse);
}

// Forward and, if requested, backward. `in` has packed rows instead of padded ones if `batch` is
// packed.
Results solve(const Problem& p, const skrnn::Layer& layer, const skrnn::Batch& batch, Operands& in,
              bool trains, int threads) {
  Results out;
  const auto make = [&](const std::string& name, Index n) {
    return out.emplace(name, Floats(n)).first->second.data();
  };
  const auto make_states = [&](const char* before, const char* after) {
    std::vector<float*> pointers;
    for (const skrnn::StateInfo& state : p.cell.states) {
      pointers.push_back(make(std::string(before) + state.name + after, p.B * p.H));
    }
    return pointers;
  };
  const std::vector<const float*> state0 = in.states(p, "", "0");
  float* y = make("y", batch.rows() * p.H);
  skrnn::Cache cache;
  layer.forward(batch, in.get("x"), state0.data(), y, make_states("", "_n").data(),
                trains ? &cache : nullptr, threads);
  if (!trains) return out;
  float* dx = make("dx", batch.rows() * p.I);
  skrnn::LayerGradients gradients;
  for (const skrnn::ParameterInfo& parameter : p.cell.parameters) {
    gradients.push_back(p.has(parameter.name)
                            ? make(std::string("d") + parameter.name, parameter.size(p.I, p.H))
                            : nullptr);
  }
  layer.backward(batch, in.get("x"), state0.data(), y, cache, in.get("dy"),
                 in.states(p, "d", "_n").data(), dx, make_states("d", "0").data(), gradients,
                 threads);
  return out;
}

// Whether a result is a sum over the sequences: the gradient of a parameter.
bool is_batch_sum(const Problem& p, const std::string& name) {
  return name[0] == 'd' && name != "dx" && !is_of_state(p.cell, name);
}

double worst_error = 0;  // of all arrays, in units of kBound

void check_against_reference(const Problem& p, const Arrays& expected, const Results& results,
                             const std::string& where) {
  // Rounding grows with the largest number of an array, not with each; and in a sum over all steps,
  // whose terms may cancel, with the terms.
  constexpr double kBound = 40 * FLT_EPSILON;
  const double terms = std::sqrt(static_cast<double>(p.T * p.B));
  for (const auto& [name, want] : expected) {
    const Floats& got = results.at(name);
    double scale = is_batch_sum(p, name) ? 0.1 * terms : 0.1, error = 0;
    for (double a : want) scale = std::max(scale, std::abs(a));
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double difference = std::abs(got[i] - want[i]);
      error = std::isnan(difference) ? HUGE_VAL : std::max(error, difference);
    }
    worst_error = std::max(worst_error, error / scale / kBound);
    expect(error <= kBound * scale, where,
           name + " is off by " + std::to_string(error / scale / kBound) + " bounds");
    expect(got.guards_intact(), where, "written beside " + name);
    if (name != "y" && name != "dx") continue;
    bool clear = true;
    for (Index b = 0; b < p.B; ++b) {
      const Index columns = name == "y" ? p.H : p.I;
      for (Index t = p.length(b); t < p.T; ++t) {
        for (Index k = 0; k < columns; ++k) clear &= got[(t * p.B + b) * columns + k] == 0;
      }
    }
    expect(clear, where, "padding of " + name + " is zero");
  }
}

// Results of sequence b alone have the bits that they have in the batch.
void check_alone(const Problem& p, const skrnn::Layer& layer, const Results& whole, Index b,
                 const std::string& where) {
  const Problem one = alone(p, b);
  Operands in(one);
  const Results results = solve(one, layer, padded(one), in, true, 1);
  for (const auto& [name, part] : results) {
    if (is_batch_sum(p, name)) continue;
    const bool in_time = name == "y" || name == "dx";
    const Index columns = name == "dx" ? p.I : p.H;
    bool same = true;
    for (Index t = 0; t < (in_time ? one.T : 1); ++t) {
      same &= same_bits(part, t * columns, whole.at(name), (t * p.B + b) * columns, columns);
    }
    expect(same, where, name + " of sequence " + std::to_string(b) + " alone");
  }
}

// The same rows packed. Lengths descend.
void check_packed(const Problem& p, const skrnn::Layer& layer, const Results& whole,
                  const std::string& where) {
  std::vector<Index> sizes(p.lengths[0], 0), rows;
  for (Index t = 0; t < p.lengths[0]; ++t) {
    for (Index b = 0; b < p.B && p.length(b) > t; ++b, ++sizes[t]) rows.push_back(t * p.B + b);
  }
  Problem packed = p;
  for (const char* name : {"x", "dy"}) {
    const Index columns = name[0] == 'x' ? p.I : p.H;
    Vector& to = packed.arrays[name];
    to.clear();
    for (Index row : rows) {
      const auto from = p.arrays.at(name).begin() + row * columns;
      to.insert(to.end(), from, from + columns);
    }
  }
  Operands in(packed);
  const skrnn::Batch batch =
      skrnn::Batch::packed(static_cast<Index>(sizes.size()), sizes.data(), p.reverse);
  for (const auto& [name, got] : solve(packed, layer, batch, in, true, 1)) {
    bool same = true;
    if (name == "y" || name == "dx") {
      const Index columns = name == "y" ? p.H : p.I;
      for (std::size_t n = 0; n < rows.size(); ++n) {
        same &= same_bits(got, n * columns, whole.at(name), rows[n] * columns, columns);
      }
    } else {
      same = same_bits(got, whole.at(name));
    }
    expect(same, where, name + " of packed rows");
  }
}

// One step at a time, into new arrays and in place, gives the bits of a whole forward pass.
void check_steps(const Problem& p, const skrnn::Layer& layer, Operands& in, const Results& whole,
                 const std::string& where) {
  const Vector zeros(p.B * p.H, 0.0);
  std::vector<Floats> state;
  for (const skrnn::StateInfo& info : p.cell.states) {
    const std::string name = std::string(info.name) + "0";
    state.emplace_back(p.has(name) ? p.arrays.at(name) : zeros);
  }
  std::vector<Floats> place = state;
  const auto pointers = [](std::vector<Floats>& of) {
    std::vector<float*> result;
    for (Floats& floats : of) result.push_back(floats.data());
    return result;
  };
  bool same = true, same_in_place = true;
  for (Index t = 0; t < p.T; ++t) {
    const float* x = in.get("x") + t * p.B * p.I;
    const bool starts_from_null = t == 0 && !p.carries;
    std::vector<Floats> next(state.size(), Floats(p.B * p.H));
    layer.step(p.B, x, starts_from_null ? nullptr : pointers(state).data(), pointers(next).data());
    layer.step(p.B, x, pointers(place).data(), pointers(place).data());
    same &= same_bits(next[0], 0, whole.at("y"), t * p.B * p.H, p.B * p.H);
    for (std::size_t k = 0; k < state.size(); ++k) {
      same_in_place &=
          same_bits(place[k], next[k]) && next[k].guards_intact() && place[k].guards_intact();
    }
    state = next;
  }
  for (std::size_t k = 0; k < state.size(); ++k) {
    same &= same_bits(state[k], whole.at(p.cell.states[k].name + std::string("_n")));
  }
  expect(same, where, "steps are a forward pass");
  expect(same_in_place, where, "steps in place");
}

// A NaN stays in its own sequence, and is not lost there.
void check_nan(const Problem& p, const skrnn::Layer& layer, const Results& whole,
               const std::string& where) {
  Operands in(p);
  const Index ill = p.B / 2, first = p.time(0, ill) * p.B + ill;
  in.get("x")[first * p.I] = std::numeric_limits<float>::quiet_NaN();
  const Results results = solve(p, layer, padded(p), in, true, 1);
  bool kept = true, spread = false;
  for (Index j = 0; j < p.H; ++j) kept &= std::isnan(results.at("y")[first * p.H + j]);
  for (Index b = 0; b < p.B; ++b) {
    for (Index t = 0; b != ill && t < p.T; ++t) {
      const Index at = t * p.B + b;
      spread |= !same_bits(results.at("y"), at * p.H, whole.at("y"), at * p.H, p.H) ||
                !same_bits(results.at("dx"), at * p.I, whole.at("dx"), at * p.I, p.I);
    }
  }
  expect(kept, where, "a NaN stays a NaN");
  expect(!spread, where, "a NaN stays in its sequence");
}

void check_problem(const Problem& p, const Arrays& expected, const std::string& isa) {
  const std::string where = isa + " " + p.text();
  Operands in(p);
  const skrnn::Layer layer = in.layer(p);
  const skrnn::Batch batch = padded(p);
  const Results trained = solve(p, layer, batch, in, true, 1);
  const Results predicted = solve(p, layer, batch, in, false, 1);
  check_against_reference(p, expected, trained, where);
  for (const auto& [name, got] : predicted) {
    expect(same_bits(got, trained.at(name)), where, name + " with and without a cache");
  }
  if (skrnn::has_openmp()) {
    for (const auto& [name, got] : solve(p, layer, batch, in, true, 2)) {
      expect(same_bits(got, trained.at(name)), where, name + " on two threads");
    }
  }
  for (Index b = 0; b < p.B; b += std::max<Index>(1, p.B / 3)) {
    check_alone(p, layer, trained, b, where);
  }
  if (!p.lengths.empty() && std::is_sorted(p.lengths.rbegin(), p.lengths.rend())) {
    check_packed(p, layer, trained, where);
  }
  if (p.lengths.empty() && !p.reverse) check_steps(p, layer, in, trained, where);
  check_nan(p, layer, trained, where);
}

// No sequences, or no steps: states and their gradients are unchanged, sums are zero.
void check_nothing(const skrnn::CellInfo& cell, const std::string& isa) {
  for (const auto& [T, B] : {std::pair<Index, Index>{0, 3}, {2, 0}, {0, 0}}) {
    Random random(3);
    const Problem p = random_problem(random, cell, T, B, 5, 9, kCarries | kBias);
    Operands in(p);
    const Results results = solve(p, in.layer(p), padded(p), in, true, 1);
    for (const auto& [name, got] : results) {
      // h_n is h0, and dh0 is dh_n.
      std::string source;
      for (const skrnn::StateInfo& state : p.cell.states) {
        if (name == state.name + std::string("_n")) source = state.name + std::string("0");
        if (name == std::string("d") + state.name + "0")
          source = std::string("d") + state.name + "_n";
      }
      const Floats want =
          source.empty() ? Floats(Vector(got.size(), 0.0)) : Floats(p.arrays.at(source));
      expect(same_bits(got, want), isa + " " + p.text(), name + " without steps");
    }
  }
}

// --- All cases -----------------------------------------------------------------------------------

struct Sizes {
  Index T, B, I, H;
};

// Every width and height of a tile, with incomplete ones; then sizes with several passes, slabs and
// chunks.
std::vector<Sizes> all_sizes() {
  std::vector<Sizes> sizes;
  Index n = 0;
  for (Index H : {1, 7, 8, 15, 16, 17, 33, 64, 100}) {
    for (Index B : {1, 2, 3, 5, 7, 13, 40}) {
      for (Index I : {1, 3, 16, 65}) sizes.push_back({Index{1} + n++ % 7, B, I, H});
    }
  }
  for (const Sizes& s :
       {Sizes{130, 1, 5, 70}, {45, 13, 3, 20}, {3, 100, 7, 18}, {2, 4, 430, 260}}) {
    sizes.push_back(s);
  }
  return sizes;
}

void check_cell(const skrnn::CellInfo& cell, const std::vector<std::string>& isas,
                std::size_t every) {
  // A cell without equations here is compared with its twin in Python, and only otherwise checked
  // here.
  const bool known = Reference::knows(cell);
  if (known) check_reference(cell);
  if (!known) std::printf("%s: no equations to compare with\n", cell.name.c_str());
  const std::vector<Sizes> sizes = all_sizes();
  for (std::size_t n = 0; n < sizes.size(); n += every) {
    const Sizes& s = sizes[n];
    Random random(n);
    // 11 has no common divisor with the numbers of sizes and options, so that many combinations
    // occur.
    const unsigned options = 11 * n % kOptions;
    for (;;) {
      const Problem p = random_problem(random, cell, s.T, s.B, s.I, s.H, options);
      Arrays expected;
      if (known) {
        const Reference reference(p);
        // So near to its kink, the slope of a relu depends on rounding: draw again.
        if (reference.nearest_kink < 2e-6) continue;
        expected = reference.results;
      }
      for (const std::string& isa : isas) {
        skrnn::select_isa(isa);
        check_problem(p, expected, isa);
      }
      break;
    }
  }
  for (const std::string& isa : isas) {
    skrnn::select_isa(isa);
    check_nothing(cell, isa);
    std::printf("%s %s: %d passed, %d failed so far\n", isa.c_str(), cell.name.c_str(), passed,
                failed);
    std::fflush(stdout);
  }
}

void check_cells(const CommandLine& line) {
  for (const skrnn::CellInfo& cell : skrnn::cells()) {
    check_cell(cell, line.isas, static_cast<std::size_t>(line.every));
  }
  std::printf("largest error: %.2f of the bound\n", worst_error);
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv, check_cells); }
