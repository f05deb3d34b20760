// The equations of the cells in double precision, forward and backward, in plain loops; and a check
// of their gradients against finite differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "cell_problem.h"
#include "expect.h"
#include "random.h"
#include "skrnn/layer.h"

inline double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

class Reference {
 public:
  // Whether the equations of a cell are here.
  static bool knows(const skrnn::CellInfo& cell) {
    const std::string& name = cell.name;
    return name == "rnn" || name == "rnn_relu" || is_lstm(cell) || is_gru(cell);
  }

  explicit Reference(const Problem& p)
      : p_(p),
        lstm_(is_lstm(p.cell)),
        gru_(is_gru(p.cell)),
        before_(p.cell.name == "gru_reset_before") {
    const auto zeros = [&](const std::string& name, Index n) { results[name].assign(n, 0.0); };
    zeros("y", p.T * p.B * p.H);
    zeros("h_n", p.B * p.H);
    zeros("dx", p.T * p.B * p.I);
    zeros("dh0", p.B * p.H);
    if (lstm_) zeros("c_n", p.B * p.H), zeros("dc0", p.B * p.H);
    for (const skrnn::ParameterInfo& parameter : p.cell.parameters) {
      const std::string name = parameter.name;
      if (p.has(name)) zeros("d" + name, p.arrays.at(name).size());
    }
    for (Index b = 0; b < p.B; ++b) solve(b);
  }

  Arrays results;
  double nearest_kink = 1;  // smallest |a| of a relu(a)

 private:
  static bool is_lstm(const skrnn::CellInfo& cell) {
    return cell.name == "lstm" || cell.name == "lstm_peephole";
  }
  static bool is_gru(const skrnn::CellInfo& cell) {
    return cell.name == "gru" || cell.name == "gru_reset_before";
  }

  // Values of a step for the backward pass. Gates are [G][H] after their activations.
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
  // Adds the gradients of weight, bias and v in that product, given `d`, the gradient of its value.
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
  // The operand of the recurrent weights of gate g.
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
    Step s{x, h, c, Vector(p_.gates() * H), {}, h, {}};
    for (int g = 0; g < p_.gates(); ++g) {
      if (before_ && g == 2) {
        for (Index j = 0; j < H; ++j) s.operand_n[j] = s.gates[j] * h[j];
      }
      Vector a = affine("weight_ih", "bias_ih", g, x);
      const Vector u = affine("weight_hh", "bias_hh", g, operand(s, g));
      if (lstm_ && g != 2) {
        // By their peepholes, i and f read c before the step, and o reads c after it.
        const Vector peephole = row(kPeepholes[g], 0, H);
        for (Index j = 0; j < H; ++j) {
          const double c_next = s.gates[H + j] * c[j] + s.gates[j] * s.gates[2 * H + j];
          a[j] += peephole[j] * (g == 3 ? c_next : c[j]);
        }
      }
      for (Index j = 0; j < H; ++j) s.gates[g * H + j] = activation(g, a[j], u[j], s.gates[j]);
      s.hidden_n = u;
    }
    for (Index j = 0; j < H; ++j) {
      const auto gate = [&](int g) { return s.gates[g * H + j]; };
      if (p_.gates() == 1) h[j] = gate(0);
      if (gru_) h[j] = (1 - gate(1)) * gate(2) + gate(1) * h[j];
      if (lstm_) {
        c[j] = gate(1) * c[j] + gate(0) * gate(2);
        h[j] = gate(3) * std::tanh(c[j]);
      }
    }
    s.c = c;
    return s;
  }

  // Returns the gradient of c by the peephole of gate g and unit j, 0 if there is none; adds the
  // gradient of the peephole.
  double seen(int g, Index j, double d, double c) {
    if (!p_.has(kPeepholes[g])) return 0;
    results.at("d" + std::string(kPeepholes[g]))[j] += d * c;
    return d * p_.arrays.at(kPeepholes[g])[j];
  }

  // Replaces dh and dc by the gradients of the states before the step, and returns dx.
  Vector backward(const Step& s, Vector& dh, Vector& dc) {
    const Index H = p_.H;
    // Gradients of each gate's sums over inputs and over recurrent units.
    Vector d_in(p_.gates() * H), d_hid, d_operand(H, 0.0), dx(p_.I, 0.0), dh_prev(H, 0.0);
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
      if (lstm_) {
        const double i = gate(0), f = gate(1), g = gate(2), o = gate(3), t = std::tanh(s.c[j]);
        const double d_o = dh[j] * t * o * (1 - o);
        const double d = dc[j] + dh[j] * o * (1 - t * t) + seen(3, j, d_o, s.c[j]);
        const double d_i = d * g * i * (1 - i), d_f = d * s.c_prev[j] * f * (1 - f);
        set(0, j, d_i);
        set(1, j, d_f);
        set(2, j, d * i * (1 - g * g));
        set(3, j, d_o);
        dc[j] = d * f + seen(0, j, d_i, s.c_prev[j]) + seen(1, j, d_f, s.c_prev[j]);
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
    for (int g = 0; g < p_.gates(); ++g) {
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

  // Sequence b, forward and backward.
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
    if (lstm_) put("c_n", b, c), put("dc0", b, dc);
  }

  static constexpr const char* kPeepholes[] = {"peephole_i", "peephole_f", "", "peephole_o"};

  const Problem& p_;
  const bool lstm_, gru_, before_;
};

// The scalar whose gradients are dy, dh_n and dc_n.
inline double loss(const Problem& p) {
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

inline void check_reference(const skrnn::CellInfo& cell) {
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
