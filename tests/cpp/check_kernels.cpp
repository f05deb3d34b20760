// Checks the C++ library alone, without Python, so that kernels can also be run where only an
// emulator can run them. The truth is the equations in double precision, in plain loops, whose own
// gradients are held against finite differences first.
//
//   cmake -S . -B build/core -DSKRNN_BUILD_PYTHON=OFF -DSKRNN_BUILD_TESTS=ON
//   cmake --build build/core
//   build/core/tests/cpp/check_kernels [--every N] [instruction set ...]
//
// Without names it runs every instruction set of this CPU; with --every N each N-th case only, for
// emulators (5 or 11 still meet all sizes). For AArch64 see cmake/aarch64-linux-gnu.cmake.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "random.h"
#include "skrnn/activations.h"
#include "skrnn/batch.h"
#include "skrnn/isa.h"
#include "skrnn/layer.h"
#include "skrnn/threads.h"

namespace {

using Index = std::int64_t;
using Vector = std::vector<double>;
using Arrays = std::map<std::string, Vector>;

// --- Bookkeeping ---------------------------------------------------------------------------------

int passed = 0, failed = 0;

void expect(bool holds, const std::string& where, const std::string& what) {
  ++(holds ? passed : failed);
  if (!holds && failed <= 50) std::printf("FAILED  %s: %s\n", where.c_str(), what.c_str());
}

Vector random_vector(Random& random, Index n, double bound) {
  Vector v(n);
  for (double& a : v) a = static_cast<double>(random.uniform(bound));
  return v;
}

// Floats for the library to read or write. A write beside them is noticed, and a read beside them
// brings a NaN into the results, as does an element that was never written.
class Floats {
 public:
  explicit Floats(Index n) : memory_(n + 2 * kGuard, kNan) {}
  explicit Floats(const Vector& values) : Floats(static_cast<Index>(values.size())) {
    std::copy(values.begin(), values.end(), data());
  }
  float* data() { return memory_.data() + kGuard; }
  Index size() const { return static_cast<Index>(memory_.size()) - 2 * kGuard; }
  float operator[](Index i) const { return memory_[i + kGuard]; }
  bool guards_intact() const {
    bool intact = true;
    for (Index i = 0; i < kGuard; ++i) {
      intact &= std::isnan(memory_[i]) && std::isnan(memory_[memory_.size() - 1 - i]);
    }
    return intact;
  }

 private:
  static constexpr Index kGuard = 67;  // odd: no alignment beyond a float's
  static constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> memory_;
};
using Results = std::map<std::string, Floats>;

bool same_bits(const Floats& a, Index a_begin, const Floats& b, Index b_begin, Index n) {
  for (Index i = 0; i < n; ++i) {
    const float x = a[a_begin + i], y = b[b_begin + i];
    if (std::memcmp(&x, &y, sizeof x) != 0) return false;
  }
  return true;
}
bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && same_bits(a, 0, b, 0, a.size());
}

// --- Problems ------------------------------------------------------------------------------------

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
Problem random_problem(Random& random, const skrnn::CellInfo& cell, Index T, Index B, Index I,
                       Index H, unsigned options) {
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
Problem alone(const Problem& p, Index b) {
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

// --- The equations, in double precision ----------------------------------------------------------

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

class Reference {
 public:
  explicit Reference(const Problem& p)
      : p_(p), gru_(p.cell.gates == 3), before_(p.cell.name == "gru_reset_before") {
    const auto zeros = [&](const std::string& name, Index n) { results[name].assign(n, 0.0); };
    zeros("y", p.T * p.B * p.H);
    zeros("h_n", p.B * p.H);
    zeros("dx", p.T * p.B * p.I);
    zeros("dh0", p.B * p.H);
    if (p.cell.states == 2) zeros("c_n", p.B * p.H), zeros("dc0", p.B * p.H);
    for (const char* name : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
      if (p.has(name)) zeros("d" + std::string(name), p.arrays.at(name).size());
    }
    for (Index b = 0; b < p.B; ++b) solve(b);
  }

  Arrays results;
  double nearest_kink = 1;  // smallest |a| of a relu(a)

 private:
  // What a step leaves for the way back. Gates are [G][H] after their activations.
  struct Step {
    Vector x, h_prev, c_prev, gates, c, operand_n, hidden_n;
  };

  Vector row(const std::string& name, Index row, Index columns) const {
    if (!p_.has(name)) return Vector(columns, 0.0);
    const auto begin = p_.arrays.at(name).begin() + row * columns;
    return Vector(begin, begin + columns);
  }
  // Rows of gate g of `weight`, times v, plus the bias.
  Vector affine(const char* weight, const char* bias, int g, const Vector& v) const {
    Vector sums = row(bias, g, p_.H);
    const double* w = p_.arrays.at(weight).data() + g * p_.H * v.size();
    for (double& sum : sums) {
      for (double a : v) sum += *w++ * a;
    }
    return sums;
  }
  // Of the same product, given `d`, the gradient of its value: adds those of weight, bias and v.
  void affine_gradient(const char* weight, const char* bias, int g, const Vector& v,
                       const double* d, Vector& dv) {
    const double* w = p_.arrays.at(weight).data() + g * p_.H * v.size();
    double* dw = results.at("d" + std::string(weight)).data() + g * p_.H * v.size();
    for (Index j = 0; j < p_.H; ++j) {
      for (std::size_t k = 0; k < v.size(); ++k) {
        *dw++ += d[j] * v[k];
        dv[k] += d[j] * *w++;
      }
      if (p_.has(bias)) results.at("d" + std::string(bias))[g * p_.H + j] += d[j];
    }
  }
  // Of gate g: what its recurrent weights multiply.
  const Vector& operand(const Step& step, int g) const {
    return before_ && g == 2 ? step.operand_n : step.h_prev;
  }

  double activation(int g, double a, double u, double r) {
    if (p_.cell.name == "rnn_relu") {
      nearest_kink = std::min(nearest_kink, std::abs(a + u));
      return std::max(a + u, 0.0);
    }
    if (p_.cell.name == "rnn") return std::tanh(a + u);
    if (g != 2) return sigmoid(a + u);
    return std::tanh(a + (gru_ && !before_ ? r * u : u));
  }

  // Replaces h and c by the states after the step.
  Step forward(const Vector& x, Vector& h, Vector& c) {
    const Index H = p_.H;
    Step s{x, h, c, Vector(p_.cell.gates * H), {}, h, {}};
    for (int g = 0; g < p_.cell.gates; ++g) {
      if (before_ && g == 2) {
        for (Index j = 0; j < H; ++j) s.operand_n[j] = s.gates[j] * h[j];
      }
      const Vector a = affine("weight_ih", "bias_ih", g, x);
      const Vector u = affine("weight_hh", "bias_hh", g, operand(s, g));
      for (Index j = 0; j < H; ++j) s.gates[g * H + j] = activation(g, a[j], u[j], s.gates[j]);
      s.hidden_n = u;
    }
    for (Index j = 0; j < H; ++j) {
      const auto gate = [&](int g) { return s.gates[g * H + j]; };
      if (p_.cell.gates == 1) h[j] = gate(0);
      if (p_.cell.gates == 3) h[j] = (1 - gate(1)) * gate(2) + gate(1) * h[j];
      if (p_.cell.gates == 4) {
        c[j] = gate(1) * c[j] + gate(0) * gate(2);
        h[j] = gate(3) * std::tanh(c[j]);
      }
    }
    s.c = c;
    return s;
  }

  // Replaces dh and dc by the gradients of the states before the step, and returns dx.
  Vector backward(const Step& s, Vector& dh, Vector& dc) {
    const Index H = p_.H;
    // Gradients of each gate's sums over inputs and over recurrent units.
    Vector d_in(p_.cell.gates * H), d_hid, d_operand(H, 0.0), dx(p_.I, 0.0), dh_prev(H, 0.0);
    const auto set = [&](int g, Index j, double d) { d_in[g * H + j] = d; };
    for (Index j = 0; j < H; ++j) {
      const auto gate = [&](int g) { return s.gates[g * H + j]; };
      if (p_.cell.name == "rnn") set(0, j, dh[j] * (1 - gate(0) * gate(0)));
      if (p_.cell.name == "rnn_relu") set(0, j, gate(0) > 0 ? dh[j] : 0);
      if (gru_) {
        const double r = gate(0), z = gate(1), n = gate(2), dn = dh[j] * (1 - z) * (1 - n * n);
        set(0, j, dn * s.hidden_n[j] * r * (1 - r));  // with the reset gate before: see below
        set(1, j, dh[j] * (s.h_prev[j] - n) * z * (1 - z));
        set(2, j, dn);
        dh_prev[j] = dh[j] * z;
      }
      if (p_.cell.gates == 4) {
        const double i = gate(0), f = gate(1), g = gate(2), o = gate(3), t = std::tanh(s.c[j]);
        const double d = dc[j] + dh[j] * o * (1 - t * t);
        set(0, j, d * g * i * (1 - i));
        set(1, j, d * s.c_prev[j] * f * (1 - f));
        set(2, j, d * i * (1 - g * g));
        set(3, j, dh[j] * t * o * (1 - o));
        dc[j] = d * f;
      }
    }
    d_hid = d_in;
    if (gru_ && !before_) {
      for (Index j = 0; j < H; ++j) d_hid[2 * H + j] *= s.gates[j];
    }
    if (before_) {
      affine_gradient("weight_hh", "bias_hh", 2, s.operand_n, &d_hid[2 * H], d_operand);
      for (Index j = 0; j < H; ++j) {
        const double r = s.gates[j];
        dh_prev[j] += d_operand[j] * r;
        d_in[j] = d_hid[j] = d_operand[j] * s.h_prev[j] * r * (1 - r);
      }
    }
    for (int g = 0; g < p_.cell.gates; ++g) {
      affine_gradient("weight_ih", "bias_ih", g, s.x, &d_in[g * H], dx);
      if (before_ && g == 2) continue;
      affine_gradient("weight_hh", "bias_hh", g, s.h_prev, &d_hid[g * H], dh_prev);
    }
    dh = dh_prev;
    return dx;
  }

  void put(const char* name, Index row, const Vector& values) {
    std::copy(values.begin(), values.end(), results.at(name).begin() + row * values.size());
  }

  // Sequence b, there and back.
  void solve(Index b) {
    Vector h = row("h0", b, p_.H), c = row("c0", b, p_.H);
    std::vector<Step> steps;
    for (Index s = 0; s < p_.length(b); ++s) {
      const Index at = p_.time(s, b) * p_.B + b;
      steps.push_back(forward(row("x", at, p_.I), h, c));
      put("y", at, h);
    }
    put("h_n", b, h);
    Vector dh = row("dh_n", b, p_.H), dc = row("dc_n", b, p_.H);
    for (Index s = p_.length(b) - 1; s >= 0; --s) {
      const Index at = p_.time(s, b) * p_.B + b;
      const Vector dy = row("dy", at, p_.H);
      for (Index j = 0; j < p_.H; ++j) dh[j] += dy[j];
      put("dx", at, backward(steps[s], dh, dc));
    }
    put("dh0", b, dh);
    if (p_.cell.states == 2) put("c_n", b, c), put("dc0", b, dc);
  }

  const Problem& p_;
  const bool gru_, before_;
};

// The scalar whose gradients dy, dh_n and dc_n ask for.
double loss(const Problem& p) {
  const Arrays results = Reference(p).results;
  double sum = 0;
  for (const char* name : {"y", "h_n", "c_n"}) {
    const auto d = p.arrays.find("d" + std::string(name));
    for (std::size_t i = 0; d != p.arrays.end() && i < d->second.size(); ++i) {
      sum += results.at(name)[i] * d->second[i];
    }
  }
  return sum;
}

void check_reference(const skrnn::CellInfo& cell) {
  Random random(1);
  constexpr double kStep = 1e-5;
  for (unsigned options : {kCarries | kBias, kCarries | kBias | kReverse | kRagged}) {
    Problem p = random_problem(random, cell, 3, 2, 2, 3, options);
    for (Index b = 0; b < p.B; ++b) {  // padding has no gradient
      for (Index at = p.length(b) * p.B + b; at < p.T * p.B; at += p.B) {
        std::fill_n(p.arrays["dy"].begin() + at * p.H, p.H, 0.0);
      }
    }
    const Arrays results = Reference(p).results;
    for (const auto& [name, array] : Arrays(p.arrays)) {
      const auto gradient = results.find("d" + name);
      if (gradient == results.end()) continue;
      double worst = 0;
      for (std::size_t i = 0; i < array.size(); ++i) {
        Problem moved = p;
        moved.arrays[name][i] = array[i] + kStep;
        const double up = loss(moved);
        moved.arrays[name][i] = array[i] - kStep;
        const double slope = (up - loss(moved)) / (2 * kStep);
        worst = std::max(worst, std::abs(slope - gradient->second[i]));
      }
      expect(worst < 1e-8, "reference " + p.text(), "d" + name + " against finite differences");
    }
  }
}

// --- The library ---------------------------------------------------------------------------------

// Weights, inputs and gradients as the library takes them.
struct Operands {
  explicit Operands(const Problem& p) {
    for (const auto& [name, array] : p.arrays) arrays.emplace(name, Floats(array));
  }
  float* get(const std::string& name) {
    const auto found = arrays.find(name);
    return found == arrays.end() ? nullptr : found->second.data();
  }
  skrnn::Layer layer(const Problem& p) {
    return skrnn::Layer(p.cell.name, p.I, p.H,
                        {get("weight_ih"), get("weight_hh"), get("bias_ih"), get("bias_hh")});
  }
  Results arrays;
};

skrnn::Batch padded(const Problem& p) {
  return skrnn::Batch::padded(p.T, p.B, p.lengths.empty() ? nullptr : p.lengths.data(), p.reverse);
}

// Forward and, where asked for, backward. `in` may hold rows packed instead of padded, if `batch`
// says so.
Results solve(const Problem& p, const skrnn::Layer& layer, const skrnn::Batch& batch, Operands& in,
              bool trains, int threads) {
  Results out;
  const auto make = [&](const std::string& name, Index n) {
    return out.emplace(name, Floats(n)).first->second.data();
  };
  const bool has_c = p.cell.states == 2;
  const skrnn::State state0{in.get("h0"), in.get("c0")};
  float* y = make("y", batch.rows() * p.H);
  skrnn::MutableState state_n{make("h_n", p.B * p.H), has_c ? make("c_n", p.B * p.H) : nullptr};
  skrnn::Cache cache;
  layer.forward(batch, in.get("x"), state0, y, state_n, trains ? &cache : nullptr, threads);
  if (!trains) return out;
  const Index rows = p.cell.gates * p.H;
  const bool bias = p.has("bias_ih");
  float* dx = make("dx", batch.rows() * p.I);
  skrnn::MutableState dstate0{make("dh0", p.B * p.H), has_c ? make("dc0", p.B * p.H) : nullptr};
  layer.backward(batch, in.get("x"), state0, y, cache, in.get("dy"),
                 {in.get("dh_n"), in.get("dc_n")}, dx, dstate0,
                 {make("dweight_ih", rows * p.I), make("dweight_hh", rows * p.H),
                  bias ? make("dbias_ih", rows) : nullptr, bias ? make("dbias_hh", rows) : nullptr},
                 threads);
  return out;
}

// Gradients of weights and biases, which take a share of every sequence.
bool is_batch_sum(const std::string& name) {
  return name.rfind("dweight", 0) == 0 || name.rfind("dbias", 0) == 0;
}

double worst_error = 0;  // of all arrays, in units of kBound

void check_against_reference(const Problem& p, const Arrays& expected, const Results& results,
                             const std::string& where) {
  // Rounding grows with the largest number of an array, not with each; and in a sum over all steps,
  // where much may cancel, with the terms.
  constexpr double kBound = 40 * FLT_EPSILON;
  const double terms = std::sqrt(static_cast<double>(p.T * p.B));
  for (const auto& [name, want] : expected) {
    const Floats& got = results.at(name);
    double scale = is_batch_sum(name) ? 0.1 * terms : 0.1, error = 0;
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
    if (is_batch_sum(name)) continue;
    const bool in_time = name == "y" || name == "dx";
    const Index columns = name == "dx" ? p.I : p.H;
    bool same = true;
    for (Index t = 0; t < (in_time ? one.T : 1); ++t) {
      same &= same_bits(part, t * columns, whole.at(name), (t * p.B + b) * columns, columns);
    }
    expect(same, where, name + " of sequence " + std::to_string(b) + " alone");
  }
}

// The same rows packed. Lengths fall.
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

// One step at a time, into fresh arrays and in place, gives the bits of a whole forward pass.
void check_steps(const Problem& p, const skrnn::Layer& layer, Operands& in, const Results& whole,
                 const std::string& where) {
  const Vector zeros(p.B * p.H, 0.0);
  const auto first = [&](const char* name) { return p.has(name) ? p.arrays.at(name) : zeros; };
  const bool has_c = p.cell.states == 2;
  Floats h(first("h0")), c(first("c0")), h_place = h, c_place = c;
  bool same = true, same_in_place = true;
  for (Index t = 0; t < p.T; ++t) {
    const float* x = in.get("x") + t * p.B * p.I;
    const bool starts_from_null = t == 0 && !p.carries;
    Floats h_next(p.B * p.H), c_next(p.B * p.H);
    layer.step(
        p.B, x,
        {starts_from_null ? nullptr : h.data(), starts_from_null || !has_c ? nullptr : c.data()},
        {h_next.data(), has_c ? c_next.data() : nullptr});
    layer.step(p.B, x, {h_place.data(), has_c ? c_place.data() : nullptr},
               {h_place.data(), has_c ? c_place.data() : nullptr});
    same &= same_bits(h_next, 0, whole.at("y"), t * p.B * p.H, p.B * p.H);
    same_in_place &= same_bits(h_place, h_next) && (!has_c || same_bits(c_place, c_next)) &&
                     h_next.guards_intact() && h_place.guards_intact();
    h = h_next;
    c = c_next;
  }
  if (has_c) same &= same_bits(c, whole.at("c_n"));
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
  expect(kept, where, "a NaN comes through");
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

// No sequences, or no steps: states and their gradients pass through, sums are zero.
void check_nothing(const skrnn::CellInfo& cell, const std::string& isa) {
  for (const auto& [T, B] : {std::pair<Index, Index>{0, 3}, {2, 0}, {0, 0}}) {
    Random random(3);
    const Problem p = random_problem(random, cell, T, B, 5, 9, kCarries | kBias);
    Operands in(p);
    const Results results = solve(p, in.layer(p), padded(p), in, true, 1);
    for (const auto& [name, got] : results) {
      const std::string source = name == "h_n" || name == "c_n"   ? name.substr(0, 1) + "0"
                                 : name == "dh0" || name == "dc0" ? name.substr(0, 2) + "_n"
                                                                  : "";
      const Floats want =
          source.empty() ? Floats(Vector(got.size(), 0.0)) : Floats(p.arrays.at(source));
      expect(same_bits(got, want), isa + " " + p.text(), name + " of nothing");
    }
  }
}

// --- Activations ---------------------------------------------------------------------------------

float from_bits(std::uint32_t bits) {
  float a;
  std::memcpy(&a, &bits, sizeof a);
  return a;
}

struct Activation {
  const char* name;
  void (*kernel)(const float*, float*, Index);
  double (*exact)(double);
};

void check_activation(const Activation& f, const std::string& isa, std::uint32_t stride) {
  constexpr double kUlps = 3;
  const std::string where = isa + " " + f.name;
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits <= 0x7f800000u; bits += stride) {
    x.push_back(from_bits(static_cast<std::uint32_t>(bits)));
    x.push_back(-x.back());
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (float a : {FLT_MIN, FLT_MAX, infinity, 88.0f, 89.0f, 9.02f}) x.push_back(a), x.push_back(-a);
  const Index n = static_cast<Index>(x.size());
  std::vector<float> y(n);
  f.kernel(x.data(), y.data(), n);

  double worst = 0;
  float worst_at = 0;
  for (Index i = 0; i < n; ++i) {
    const double exact = f.exact(x[i]);
    if (y[i] == 0 && std::abs(exact) < FLT_MIN) continue;
    int exponent = 0;
    std::frexp(exact, &exponent);
    const double ulp = std::ldexp(1.0, std::max(exponent - FLT_MANT_DIG, FLT_MIN_EXP - 24));
    const double error = std::abs(y[i] - exact) / ulp;
    if (!(error <= worst)) worst = std::isnan(error) ? HUGE_VAL : error, worst_at = x[i];
  }
  std::printf("%s: at most %.2f ulp off, at %.9g (%lld numbers)\n", where.c_str(), worst, worst_at,
              static_cast<long long>(n));
  expect(worst <= kUlps, where, "accuracy");

  // The place in a register, and the number of places in use, change nothing.
  bool same = true, nan_kept = true;
  Random random(4);
  for (Index count = 1; count <= 40; ++count) {
    Floats some(random_vector(random, count, 12)), all(count), one(1);
    f.kernel(some.data(), all.data(), count);
    for (Index i = 0; i < count; ++i) {
      f.kernel(some.data() + i, one.data(), 1);
      same &= same_bits(one, 0, all, i, 1);
    }
    same &= all.guards_intact() && one.guards_intact();
    some.data()[count - 1] = std::numeric_limits<float>::quiet_NaN();
    f.kernel(some.data(), all.data(), count);
    nan_kept &= std::isnan(all[count - 1]);
  }
  expect(same, where, "one number alone");
  expect(nan_kept, where, "a NaN comes through");

  const float zeros[] = {0.0f, -0.0f};
  float at_zeros[2];
  f.kernel(zeros, at_zeros, 2);
  expect(at_zeros[0] == f.exact(0) && at_zeros[1] == f.exact(0), where, "at zero");
  expect(std::signbit(at_zeros[1]) == std::signbit(f.exact(-0.0)), where, "sign of zero");

  volatile float smallest = FLT_MIN;
  expect(smallest / 2 > 0, where, "the caller keeps subnormal numbers");
}

// --- All of it -----------------------------------------------------------------------------------

struct Sizes {
  Index T, B, I, H;
};

// Every width of tile, height of tile and odd end; then what takes several passes, slabs and
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
  check_reference(cell);
  const std::vector<Sizes> sizes = all_sizes();
  for (std::size_t n = 0; n < sizes.size(); n += every) {
    const Sizes& s = sizes[n];
    Random random(n);
    // 11 has no divisor in common with what varies, so that sizes and options meet in many ways.
    const unsigned options = 11 * n % kOptions;
    for (;;) {
      const Problem p = random_problem(random, cell, s.T, s.B, s.I, s.H, options);
      const Reference reference(p);
      // Where a relu is that near its kink, rounding decides over its slope: draw again.
      if (reference.nearest_kink < 2e-6) continue;
      for (const std::string& isa : isas) {
        skrnn::select_isa(isa);
        check_problem(p, reference.results, isa);
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

int run(int argc, char** argv) {
  int every = 1;
  std::vector<std::string> isas;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--every" && i + 1 < argc) {
      every = std::max(1, std::atoi(argv[++i]));
    } else {
      isas.push_back(argument);
    }
  }
  if (isas.empty()) isas = skrnn::available_isas();
  for (const std::string& isa : isas) {
    skrnn::select_isa(isa);
    std::printf("%s: %d lanes, OpenMP %s\n", isa.c_str(), skrnn::isa_lanes(),
                skrnn::has_openmp() ? "yes" : "no");
    const std::uint32_t stride = 1009 * static_cast<std::uint32_t>(every);
    check_activation({"sigmoid", skrnn::sigmoid, sigmoid}, isa, stride);
    check_activation({"tanh", skrnn::tanh, std::tanh}, isa, stride);
  }
  for (const skrnn::CellInfo& cell : skrnn::cells()) check_cell(cell, isas, every);
  std::printf("largest error: %.2f of the bound\n", worst_error);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed > 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "check_kernels: %s\n", error.what());
    return 2;
  }
}
