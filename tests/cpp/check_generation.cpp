// Checks generation as a C++ program uses it: that it writes what a loop over Stream and Sampler
// does, that it allocates nothing between two tokens, and what it refuses. See check_kernels.cpp
// for how to build and run.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "allocations.h"
#include "model_files.h"
#include "random.h"
#include "skrnn/generation.h"
#include "skrnn/isa.h"

namespace {

using skrnn::Generation;
using skrnn::Model;
using skrnn::Sampler;
using skrnn::Stream;

static_assert(std::is_nothrow_move_constructible_v<Generation>, "a generation can be moved");
static_assert(std::is_nothrow_move_assignable_v<Sampler>, "a sampler can be moved");
static_assert(!std::is_copy_constructible_v<Generation>, "a generation is not copied by accident");

constexpr Index kTokens = 300, kSteps = 40;

skrnn::ServingSettings language_model() {
  skrnn::ServingSettings settings;
  settings.network = {"gru", kTokens, 6, 9, 2, false, skrnn::Pooling::kEveryStep, kTokens};
  settings.loss.name = "cross_entropy";
  return settings;
}

Model model_of(const skrnn::ServingSettings& settings) {
  return Model(settings, random_parameters(settings).data());
}

skrnn::SamplingSettings sampling() {
  skrnn::SamplingSettings settings;
  settings.temperature = 0.8;
  settings.top_k = 200;
  settings.top_p = 0.9;
  settings.min_p = 0.001;
  settings.repetition_penalty = 1.2;
  settings.seed = 3;
  settings.excluded = {0, 7};
  return settings;
}

// B prefixes of one token, or with `ragged` of 1..B.
struct Prefixes {
  std::vector<Index> tokens, offsets = {0};

  Prefixes(Index B, bool ragged) {
    for (Index b = 0; b < B; ++b) {
      for (Index i = 0; i <= (ragged ? b : 0); ++i) tokens.push_back(5 * b + i + 1);
      offsets.push_back(static_cast<Index>(tokens.size()));
    }
  }
  skrnn::SequenceData data() const {
    return {static_cast<Index>(offsets.size()) - 1, offsets.data(), nullptr, tokens.data()};
  }
};

std::vector<Index> written(Generation& generation, Index B, Index steps) {
  std::vector<Index> tokens(static_cast<std::size_t>(B * steps));
  generation.advance(steps, tokens.data());
  return tokens;
}

void check_writes_what_a_loop_does() {
  const Model model = model_of(language_model());
  Stream stream(model), other(model);
  const Prefixes prefixes(1, false);
  Generation generation(stream, sampling(), prefixes.data());
  const std::vector<Index> tokens = written(generation, 1, kSteps);

  Sampler sampler(sampling());
  bool seen[kTokens] = {};
  bool same = true;
  Index token = prefixes.tokens[0], sequence = 0;
  for (Index t = 0; t < kSteps; ++t) {
    seen[token] = true;
    sampler.pick(1, kTokens, other.step_outputs(&token), seen, &sequence, t, &token);
    same &= token == tokens[static_cast<std::size_t>(t)];
  }
  expect(same, "a loop over the steps of a stream writes something else");
  expect(std::find(tokens.begin(), tokens.end(), 7) == tokens.end(), "an excluded token");
}

void check_allocates_nothing(Index side_channels) {
  skrnn::ServingSettings settings = language_model();
  settings.network.side_channels = side_channels;
  const Model model = model_of(settings);
  Stream stream(model, 3);
  const Prefixes prefixes(3, true);
  const float values[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const Index rows[] = {0, 1, 3, 4};
  skrnn::SequenceData data = prefixes.data();
  if (side_channels > 0) data.side = {side_channels, values, rows};
  Generation generation(stream, sampling(), data, 4);
  Index tokens[3];
  generation.advance(1, tokens);
  const long before = count_of_allocations();
  for (Index t = 0; t < kSteps; ++t) generation.advance(1, tokens);
  const long allocated = count_of_allocations() - before;
  expect(allocated == 0, "a token allocates");
}

void check_moves() {
  const Model model = model_of(language_model());
  const Prefixes prefixes(2, true);
  Stream stream(model, 2), other(model, 2);
  Generation whole(stream, sampling(), prefixes.data());
  const std::vector<Index> expected = written(whole, 2, 2);
  Generation first(other, sampling(), prefixes.data());
  const std::vector<Index> one = written(first, 2, 1);
  Generation second(std::move(first));
  const std::vector<Index> two = written(second, 2, 1);
  expect(one[0] == expected[0] && one[1] == expected[2] && two[0] == expected[1] &&
             two[1] == expected[3],
         "a generation that was moved");
}

void check_stops_when_asked() {
  const Model model = model_of(language_model());
  Stream stream(model);
  const Prefixes prefixes(1, false);
  Generation generation(stream, sampling(), prefixes.data());
  std::vector<Index> tokens(kSteps);
  int calls = 0;
  const auto thrice = [](void* context) { return ++*static_cast<int*>(context) < 3; };
  expect(!generation.advance(kSteps, tokens.data(), 1, thrice, &calls), "keep_going is heeded");
  expect(calls == 3, "keep_going is called between steps");
  bool refused = false;
  try {
    generation.advance(1, tokens.data());
  } catch (const std::logic_error&) {
    refused = true;
  }
  expect(refused, "a generation with a gap goes on");
}

void check_refusals() {
  const Model model = model_of(language_model());
  const Prefixes one(1, false), two(2, false);
  Stream stream(model);
  expect_refused([&] { Generation(stream, sampling(), two.data()); }, "prefix: expected one");
  expect_refused([&] { Generation(stream, sampling(), one.data(), kTokens); }, "stop is the token");
  expect_refused([&] { Generation(stream, sampling(), one.data(), 7); }, "excluded");
  skrnn::SamplingSettings settings;
  settings.top_p = 0;
  expect_refused([&] { Generation(stream, settings, one.data()); }, "top_p");
  skrnn::ServingSettings channels = language_model();
  channels.network.embedding_size = 0;
  Stream other(model_of(channels));
  expect_refused([&] { Generation(other, sampling(), one.data()); }, "reads channels");

  skrnn::ServingSettings sided = language_model();
  sided.network.side_channels = 2;
  const Model told = model_of(sided);
  Stream third(told);
  skrnn::SequenceData data = one.data();
  double answers[kTokens];
  expect_refused([&] { told.predict(data, answers, 1); }, "reads 2 side channels");
  expect_refused([&] { Generation(third, sampling(), data); }, "side: expected 2 channels");
  const float values[] = {1, 2};
  const Index no_row[] = {0, 0}, row[] = {0, 1};
  data.side = {2, values, no_row};
  expect_refused([&] { Generation(third, sampling(), data); }, "sequence 0 has no row");
  data.side.offsets = row;
  expect_refused([&] { Generation(stream, sampling(), data); }, "side: expected 0 channels");
}

}  // namespace

int main() {
  check_refusals();
  for (const std::string& isa : skrnn::available_isas()) {
    skrnn::select_isa(isa);
    std::printf("%s\n", isa.c_str());
    check_writes_what_a_loop_does();
    check_allocates_nothing(0);
    check_allocates_nothing(2);
    check_moves();
    check_stops_when_asked();
  }
  return conclusion();
}
