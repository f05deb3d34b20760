// Checks of steps in parallel, with one layer and with a stack: they are one step of as many
// sequences, which the layer takes one by one. See check_kernels.cpp for how to build and run.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "command_line.h"
#include "expect.h"
#include "floats.h"
#include "layer/parallel_steps.h"
#include "network/horizon.h"
#include "random.h"

namespace {

using Results = std::map<std::string, Floats>;

// Sequences, steps of each, channels and units: one of each; fewer units than a packet has lanes,
// and a few more; several panels; several chunks of inputs, and several slabs of rows.
struct Sizes {
  Index B, M, I, H;
};
constexpr Sizes kSizes[] = {{1, 1, 1, 1},    {5, 3, 4, 3},   {2, 7, 33, 17},
                            {40, 17, 5, 21}, {3, 300, 2, 9}, {130, 2, 70, 66}};

Floats random_floats(Random& random, Index n, double bound) {
  return Floats(random_vector(random, n, bound));
}

// Rows, each repeated `times` times: one after another, or all of them again and again.
Floats repeated(Floats& rows, Index columns, Index times, bool one_by_one) {
  const Index count = rows.size() / columns;
  Floats result(rows.size() * times);
  for (Index r = 0; r < count * times; ++r) {
    const Index from = one_by_one ? r / times : r % count;
    std::copy_n(rows.data() + from * columns, columns, result.data() + r * columns);
  }
  return result;
}

// The sums over `times` rows that were repeated.
Floats summed(Floats& rows, Index columns, Index times, bool one_by_one) {
  const Index count = rows.size() / columns / times;
  Vector sums(count * columns, 0.0);
  for (Index r = 0; r < count * times; ++r) {
    const Index to = one_by_one ? r / times : r % count;
    for (Index c = 0; c < columns; ++c) {
      sums[to * columns + c] += static_cast<double>(rows[r * columns + c]);
    }
  }
  return Floats(sums);
}

std::vector<float*> pointers(std::vector<Floats>& arrays) {
  std::vector<float*> result;
  for (Floats& array : arrays) result.push_back(array.data());
  return result;
}

void expect_near(const Results& found, const Results& expected, const std::string& where) {
  for (const auto& [name, array] : expected) {
    // Of sums over rows, rounded in another order.
    double scale = 1, error = 0;
    for (Index i = 0; i < array.size(); ++i) {
      const double a = static_cast<double>(found.at(name)[i]);
      scale = std::max(scale, std::abs(static_cast<double>(array[i])));
      error = std::isnan(a) ? INFINITY : std::max(error, std::abs(a - array[i]));
    }
    expect(error <= 1e-5 * scale, where, name + " is off by " + std::to_string(error / scale));
    expect(found.at(name).guards_intact(), where, name + " is written out of bounds");
  }
}

void expect_same(const Results& found, const Results& expected, const std::string& where) {
  for (const auto& [name, array] : expected) {
    expect(same_bits(found.at(name), array), where, name + " has other bits");
  }
}

struct Problem {
  skrnn::CellInfo cell;
  Sizes sizes;
  bool shared;
  std::vector<Floats> parameters, states;
  Floats x, dy;

  Problem(Random& random, const skrnn::CellInfo& cell, Sizes sizes, bool shared)
      : cell(cell), sizes(sizes), shared(shared), x(0), dy(0) {
    const auto [B, M, I, H] = sizes;
    for (const skrnn::ParameterInfo& parameter : cell.parameters) {
      const double bound = 1 / std::sqrt(static_cast<double>(H));
      parameters.push_back(random_floats(random, parameter.size(I, H), bound));
    }
    for (std::size_t k = 0; k < cell.states.size(); ++k) {
      states.push_back(random_floats(random, B * H, 1));
    }
    x = random_floats(random, (shared ? M : B * M) * I, 1);
    dy = random_floats(random, B * M * H, 1);
  }

  std::vector<Floats> gradients() const {
    std::vector<Floats> result;
    for (const Floats& parameter : parameters) result.emplace_back(parameter.size());
    return result;
  }

  skrnn::Layer layer() {
    const std::vector<float*> arrays = pointers(parameters);
    return {cell.name, sizes.I, sizes.H, {arrays.begin(), arrays.end()}};
  }

  void name(std::vector<Floats>& states_, std::vector<Floats>& parameters_, Results& results) {
    for (std::size_t k = 0; k < states_.size(); ++k) {
      results.emplace(std::string("d") + cell.states[k].name, states_[k]);
    }
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      results.emplace(std::string("d") + cell.parameters[k].name, parameters_[k]);
    }
  }
};

// The first B of the sequences.
Results in_parallel(Problem& p, const skrnn::Layer& layer, Index B, int threads) {
  const Index M = p.sizes.M, I = p.sizes.I, H = p.sizes.H, inputs = p.shared ? M : B * M;
  const std::unique_ptr<skrnn::ParallelSteps> steps = skrnn::make_parallel_steps(layer, true);
  const std::vector<float*> states = pointers(p.states);
  Floats y(B * M * H), dx(inputs * I);
  std::vector<Floats> dstates(p.states.size(), Floats(B * H)), gradients = p.gradients();
  const skrnn::StepInputs in{B, M, p.x.data(), p.shared};
  std::copy_n(steps->forward(in, states.data(), threads), y.size(), y.data());
  steps->backward(p.dy.data(), dx.data(), pointers(dstates).data(), pointers(gradients), threads);
  Results results{{"y", y}, {"dx", dx}};
  p.name(dstates, gradients, results);

  const std::unique_ptr<skrnn::ParallelSteps> alone = skrnn::make_parallel_steps(layer, false);
  const float* again = alone->forward(in, states.data(), threads);
  expect(std::equal(again, again + y.size(), y.data()), p.cell.name, "y depends on training");
  return results;
}

// Each step of each sequence as a sequence of one step.
Results one_by_one(Problem& p, const skrnn::Layer& layer) {
  const auto [B, M, I, H] = p.sizes;
  const skrnn::Batch batch = skrnn::Batch::padded(1, B * M, nullptr, false);
  Floats x = p.shared ? repeated(p.x, I, B, false) : p.x, dx(x.size()), y(B * M * H);
  std::vector<Floats> states, dstates, gradients = p.gradients();
  for (Floats& state : p.states) {
    states.push_back(repeated(state, H, M, true));
    dstates.emplace_back(B * M * H);
  }
  const std::vector<float*> state0 = pointers(states);
  const std::vector<const float*> first(state0.begin(), state0.end());
  skrnn::Cache cache;
  layer.forward(batch, x.data(), first.data(), y.data(), nullptr, &cache, 1);
  layer.backward(batch, x.data(), first.data(), y.data(), cache, p.dy.data(), nullptr, dx.data(),
                 pointers(dstates).data(), pointers(gradients), 1);
  for (Floats& dstate : dstates) dstate = summed(dstate, H, M, true);
  Results results{{"y", y}, {"dx", p.shared ? summed(dx, I, B, false) : dx}};
  p.name(dstates, gradients, results);
  return results;
}

void check_layer(Random& random, const skrnn::CellInfo& cell, Sizes sizes, bool shared,
                 const std::string& isa) {
  Problem p(random, cell, sizes, shared);
  const skrnn::Layer layer = p.layer();
  const std::string where = isa + " " + cell.name + " B=" + std::to_string(sizes.B) +
                            " M=" + std::to_string(sizes.M) + " I=" + std::to_string(sizes.I) +
                            " H=" + std::to_string(sizes.H) + (shared ? " shared" : "");
  const Results found = in_parallel(p, layer, sizes.B, 1);
  expect_near(found, one_by_one(p, layer), where);
  for (const int threads : {2, 3}) {
    expect_same(in_parallel(p, layer, sizes.B, threads), found,
                where + " threads=" + std::to_string(threads));
  }
  // The rows of a sequence do not depend on what else is in the minibatch.
  const Results alone = in_parallel(p, layer, 1, 1);
  for (const char* name : {"y", "dh"}) {
    const Floats& own = alone.at(name);
    expect(same_bits(own, 0, found.at(name), 0, own.size()), where,
           std::string(name) + " depends on other sequences");
  }
}

// A stack whose steps read their vectors, or these and something of their own; the latter, if it is
// zero, to the same result, and with a gradient whose sums over sequences are those of the vectors.
void check_horizon(Random& random, const std::string& cell, std::int64_t layers,
                   const std::string& isa) {
  constexpr Index B = 150, M = 9, I = 6, H = 19;
  skrnn::ParameterList list;
  skrnn::Stack stack(list, "rnn", {cell, I, H, layers, 1});
  skrnn::Horizon horizon(list, "horizon", M, I);
  Floats parameters = random_floats(random, list.size(), 0.3);
  stack.load(parameters.data(), true);
  horizon.load(parameters.data());
  Floats x = random_floats(random, B * I, 1), dh = random_floats(random, B * M * H, 1);
  std::vector<std::int64_t> offsets(B + 1);
  for (Index b = 0; b <= B; ++b) offsets[b] = b;
  skrnn::SequenceData data;
  data.size = B;
  data.offsets = offsets.data();
  data.values = x.data();
  skrnn::Minibatch batch;
  batch.gather(data, offsets.data(), B, 0, 1, I, false);
  skrnn::StackPass read(stack, true);
  read.forward(batch, x.data(), nullptr, nullptr, 1);

  const auto results = [&](Floats* extra, int threads) {
    skrnn::HorizonPass pass(horizon, stack, true);
    Floats h(B * M * H), gradient(list.size()), dextra(extra ? B * M * I : 0);
    std::copy_n(pass.forward(read, B, extra ? extra->data() : nullptr, threads), h.size(),
                h.data());
    std::fill_n(gradient.data(), gradient.size(), 0.0f);
    const skrnn::StateGradients& dstates =
        pass.backward(dh.data(), gradient.data(), extra ? dextra.data() : nullptr, threads);
    pass.add_parameters(gradient.data());
    Results found{{"h", h}, {"gradient", gradient}};
    if (extra) found.emplace("dextra", dextra);
    for (std::size_t place = 0; place < dstates.size(); ++place) {
      for (std::size_t k = 0; k < dstates[place].size(); ++k) {
        Floats dstate(B * H);
        std::copy_n(dstates[place][k].get(), B * H, dstate.data());
        found.emplace("dstate " + std::to_string(place) + " " + std::to_string(k), dstate);
      }
    }
    return found;
  };

  const std::string where = isa + " " + cell + " horizon layers=" + std::to_string(layers);
  const Results without = results(nullptr, 1);
  Floats zeros(Vector(B * M * I, 0.0)), extra = random_floats(random, B * M * I, 1);
  Results with_zeros = results(&zeros, 1);
  expect_near(with_zeros, without, where + " zeros");
  Results with = results(&extra, 1);
  expect_same(results(&extra, 2), with, where + " extra, 2 threads");
  expect_same(results(nullptr, 2), without, where + " 2 threads");
  Floats gradient = with.at("gradient");
  Floats dvectors(M * I);
  std::copy_n(horizon.gradient(gradient.data()), M * I, dvectors.data());
  expect_near({{"dvectors", dvectors}}, {{"dvectors", summed(with.at("dextra"), M * I, B, false)}},
              where);

  // `extra` of which each row has all of the vector is the vectors of all rows.
  Floats vectors(M * I);
  std::copy_n(horizon.vectors(), M * I, vectors.data());
  Floats all = repeated(vectors, M * I, B, true);
  std::fill_n(parameters.data() + (horizon.vectors() - parameters.data()), M * I, 0.0f);
  Results moved = results(&all, 1);
  expect_near(moved, without, where + " vectors in extra");
}

void check(const CommandLine& line) {
  for (const std::string& isa : line.isas) {
    skrnn::select_isa(isa);
    Random random(1);
    for (const skrnn::CellInfo& cell : skrnn::cells()) {
      for (const Sizes sizes : kSizes) {
        for (const bool shared : {true, false}) check_layer(random, cell, sizes, shared, isa);
      }
      for (const std::int64_t layers : {1, 3}) check_horizon(random, cell.name, layers, isa);
    }
  }
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv, check); }
