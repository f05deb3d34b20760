// Checks of streams: answers of steps, no allocations on any thread, states, and lifetimes of
// streams and models. See check_kernels.cpp for how to build and run.
#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

#include "allocations.h"
#include "model_files.h"
#include "random.h"
#include "skrnn/isa.h"
#include "skrnn/layer.h"
#include "skrnn/stream.h"

namespace {

using skrnn::Model;
using skrnn::Stream;

// --- Static properties ---------------------------------------------------------------------------

template <class T>
constexpr bool kStepsSilently =
    noexcept(std::declval<Stream&>().step(std::declval<const T*>())) &&
    noexcept(std::declval<Stream&>().step(std::declval<const T*>(), std::declval<float*>()));
static_assert(kStepsSilently<float> && kStepsSilently<Index>, "step lets an exception out");
static_assert(noexcept(std::declval<Stream&>().step(nullptr, nullptr, nullptr)),
              "step lets an exception out");
static_assert(noexcept(std::declval<Stream&>().reset()), "reset lets an exception out");
static_assert(noexcept(std::declval<Stream&>().reset(0)), "reset lets an exception out");
static_assert(std::is_nothrow_move_constructible_v<Stream>, "a stream can be moved");
static_assert(std::is_nothrow_move_assignable_v<Stream>, "a stream can be moved");
static_assert(!std::is_copy_constructible_v<Stream>, "a stream is not copied by accident");

// --- Models and data -----------------------------------------------------------------------------

constexpr Index kSteps = 7, kCharacters = 6;

struct Case {
  std::string cell;
  skrnn::Pooling pooling;
  Index layers, hidden, batch;
  bool tokens;
  bool letters = false;  // of words, beside their tokens
  Index side = 0;        // channels beside tokens
  Index projection = 0;  // of channels

  std::string text() const {
    return cell + " " + pooling_name(pooling) + " layers=" + std::to_string(layers) +
           " H=" + std::to_string(hidden) + " B=" + std::to_string(batch) +
           (tokens ? " tokens" : "") + (letters ? " letters" : "") +
           (side > 0 ? " side channels" : "") + (projection > 0 ? " projection" : "");
  }
};

skrnn::ServingSettings settings_of(const Case& c) {
  skrnn::ServingSettings settings;
  const Index outputs = c.tokens && c.batch > 1 ? 100 : 4;  // many classes, or few
  settings.network = {c.cell, 5, c.tokens ? 3 : 0, c.hidden, c.layers, false, c.pooling, outputs};
  if (c.letters) {
    settings.network.characters = kCharacters;
    settings.network.character_embedding_size = 3;
    settings.network.character_hidden_size = 9;
  }
  settings.network.side_channels = c.side;
  settings.network.projection_size = c.projection;
  if (c.tokens) {
    settings.loss.name = "cross_entropy";
    return settings;
  }
  settings.loss.name = "quantile";
  settings.loss.options["quantiles"] = std::vector<double>{0.25, 0.75};
  settings.targets = 2;
  settings.target_mean = {1.5, -1e9};
  settings.target_scale = {0.1, 3};
  settings.operations = {{skrnn::ChannelOperation::Kind::kSubtract, {0.1, -7, 0, 3, 1}, true},
                         {skrnn::ChannelOperation::Kind::kDivide, {3, 1, 0.3, 2, 7}, false}};
  return settings;
}

Model model_of(const Case& c) {
  const skrnn::ServingSettings settings = settings_of(c);
  return Model(settings, random_parameters(settings).data());
}

// kSteps steps of B sequences, in the order of time.
struct Steps {
  Index channels, batch;
  std::vector<float> values;                       // [T, B, C]
  std::vector<Index> tokens;                       // [T, B]
  std::vector<Index> word_offsets = {0}, letters;  // of the T * B words
  std::vector<float> side;                         // [T, B, S]

  explicit Steps(const Case& c) : channels(c.tokens ? 1 : 5), batch(c.batch) {
    Random random(0);
    // How words are read has nothing to do with the pooling of the steps.
    const Index longest = c.pooling == skrnn::Pooling::kLast ? 200 : 20;
    for (Index i = 0; i < kSteps * batch; ++i) {
      tokens.push_back(static_cast<Index>(random.uniform(2.5) + 2.5));
      for (Index k = 0; k < channels; ++k) values.push_back(random.uniform(2));
      for (Index k = 0; k < c.side; ++k) side.push_back(random.uniform(2));
      const Index length = i == 1 ? longest : 1 + i % 5;
      for (Index k = 0; k < length; ++k) letters.push_back((7 * i + k * k) % kCharacters);
      word_offsets.push_back(static_cast<Index>(letters.size()));
    }
  }
  const float* x(Index t) const { return values.data() + t * batch * channels; }
  const Index* token(Index t) const { return tokens.data() + t * batch; }
  const Index* words(Index t) const { return word_offsets.data() + t * batch; }
};

void set_side(Stream& stream, const Case& c, const Steps& data, Index t) {
  const Index n = c.batch * c.side;
  if (n > 0) std::copy_n(data.side.data() + t * n, n, stream.side());
}

const double* step(Stream& stream, const Case& c, const Steps& data, Index t) {
  set_side(stream, c, data, t);
  if (c.letters) return stream.step(data.token(t), data.words(t), data.letters.data());
  return c.tokens ? stream.step(data.token(t)) : stream.step(data.x(t));
}

void step(Stream& stream, const Case& c, const Steps& data, Index t, float* answers) {
  set_side(stream, c, data, t);
  if (c.letters) {
    stream.step(data.token(t), data.words(t), data.letters.data(), answers);
  } else if (c.tokens) {
    stream.step(data.token(t), answers);
  } else {
    stream.step(data.x(t), answers);
  }
}

// The answers of predict for the first `steps` steps of each sequence: [B, A].
std::vector<double> predicted(const Model& model, const Case& c, const Steps& data, Index steps,
                              int threads = 1) {
  std::vector<float> values, side;
  std::vector<Index> tokens, words, offsets = {0};
  for (Index b = 0; b < c.batch; ++b) {
    for (Index t = 0; t < steps; ++t) {
      const float* x = data.x(t) + b * data.channels;
      values.insert(values.end(), x, x + data.channels);
      const float* s = data.side.data() + (t * c.batch + b) * c.side;
      side.insert(side.end(), s, s + c.side);
      tokens.push_back(data.token(t)[b]);
      words.push_back(t * c.batch + b);
    }
    offsets.push_back((b + 1) * steps);
  }
  skrnn::SequenceData sequences = {c.batch, offsets.data(), c.tokens ? nullptr : values.data(),
                                   c.tokens ? tokens.data() : nullptr};
  if (c.letters) {
    sequences.num_words = steps * c.batch;
    sequences.word_offsets = data.word_offsets.data();
    sequences.letters = data.letters.data();
    sequences.words = words.data();
  }
  if (c.side > 0) sequences.side = {c.side, side.data(), offsets.data()};
  std::vector<double> answers(static_cast<std::size_t>(c.batch * model.answer_size()));
  model.predict(sequences, answers.data(), threads);
  return answers;
}

// What each check of a case uses: the model, its data, and the answers of predict for the first 1,
// ..., kSteps steps.
struct Problem {
  Case c;
  Model model;
  Steps data;
  std::vector<std::vector<double>> expected;

  explicit Problem(const Case& c) : c(c), model(model_of(c)), data(c) {
    for (Index t = 0; t < kSteps; ++t) expected.push_back(predicted(model, c, data, t + 1));
  }
};

bool same_bits(const double* a, const std::vector<double>& b) {
  return std::memcmp(a, b.data(), b.size() * sizeof(double)) == 0;
}

// --- Checks --------------------------------------------------------------------------------------

void check_agrees(const Problem& problem) {
  const Case& c = problem.c;
  const Model& model = problem.model;
  const Steps& data = problem.data;
  const std::vector<std::vector<double>>& expected = problem.expected;
  Stream stream(model, c.batch), rounded(model, c.batch);
  std::vector<float> answers(static_cast<std::size_t>(c.batch * stream.answer_size()));
  bool same = true, rounds = true, again = true;
  for (Index t = 0; t < kSteps; ++t) {
    const std::vector<double>& all = expected[static_cast<std::size_t>(t)];
    same &= same_bits(step(stream, c, data, t), all);
    step(rounded, c, data, t, answers.data());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      rounds &= answers[i] == static_cast<float>(all[i]);
    }
  }
  expect(same, c.text() + ": a step answers as predict does");
  expect(rounds, c.text() + ": float answers are the rounded ones");
  stream.reset();
  again = same_bits(step(stream, c, data, 0), expected[0]);
  expect(again, c.text() + ": after a reset");
}

void check_allocates_nothing(const Problem& problem) {
  const Case& c = problem.c;
  const Model& model = problem.model;
  const Steps& data = problem.data;
  std::vector<float> rounded(static_cast<std::size_t>(c.batch * model.answer_size()));
  const auto run = [&](Stream& stream) {
    const long before = count_of_allocations();
    for (Index t = 0; t < kSteps; ++t) step(stream, c, data, t);
    step(stream, c, data, 0, rounded.data());
    stream.reset(0);
    stream.reset();
    step(stream, c, data, 0);
    return count_of_allocations() - before;
  };
  Stream stream(model, c.batch), other(model, c.batch);
  expect(run(stream) == 0, c.text() + ": a step allocates nothing");
  long there = -1;
  std::thread([&] { there = run(other); }).join();
  expect(there == 0, c.text() + ": the first steps on a new thread allocate nothing");
}

void check_counter() {
  const long before = count_of_allocations();
  ::operator delete(::operator new(1));  // a call that compilers may not remove
  expect(count_of_allocations() > before, "allocations of C++ are counted");
#if defined(SKRNN_COUNTS_MALLOC)
  const long between = count_of_allocations();
  void* volatile memory = std::malloc(1);
  std::free(memory);
  expect(count_of_allocations() > between, "allocations of C are counted");
#endif
}

void check_lifetimes(const Problem& problem) {
  const Case& c = problem.c;
  const Steps& data = problem.data;
  const std::vector<std::vector<double>>& expected = problem.expected;
  auto model = std::make_unique<Model>(model_of(c));
  Stream first(*model, c.batch);
  Stream replaced(*model, c.batch);
  model.reset();
  bool same = same_bits(step(first, c, data, 0), expected[0]);
  same &= same_bits(step(first, c, data, 1), expected[1]);
  expect(same, c.text() + ": a stream that outlives its model");

  Stream second(std::move(first));
  expect(same_bits(step(second, c, data, 2), expected[2]), c.text() + ": a stream that was moved");
  replaced = std::move(second);
  expect(same_bits(step(replaced, c, data, 3), expected[3]),
         c.text() + ": a stream that was moved into another's place");
  std::vector<Stream> streams;
  streams.push_back(std::move(replaced));
  for (int i = 0; i < 5; ++i) streams.emplace_back(model_of(c), c.batch);
  expect(same_bits(step(streams[0], c, data, 4), expected[4]),
         c.text() + ": a stream in a vector that grew");
}

void check_state(const Problem& problem) {
  const Case& c = problem.c;
  const Model& model = problem.model;
  const Steps& data = problem.data;
  Stream from(model, c.batch), to(model, c.batch);
  for (Index t = 0; t < 3; ++t) step(from, c, data, t);
  const Index n = c.batch * from.hidden_size();
  for (Index layer = 0; layer < from.num_layers(); ++layer) {
    for (std::size_t k = 0; k < from.cell().states.size(); ++k) {
      std::copy_n(from.state(layer, k), n, to.state(layer, k));
    }
  }
  if (from.pooled() != nullptr) {
    std::copy_n(from.pooled(), c.batch * from.pooled_size(), to.pooled());
  }
  std::copy_n(from.steps(), c.batch, to.steps());
  expect(same_bits(step(to, c, data, 3), problem.expected[3]),
         c.text() + ": a state that was copied");
}

void check_threads(const Problem& problem) {
  const Case& c = problem.c;
  const Model& model = problem.model;
  const Steps& data = problem.data;
  const std::vector<std::vector<double>>& expected = problem.expected;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&, number] {
      for (int again = 0; again < 5; ++again) {
        Stream stream(model, c.batch);
        for (Index t = 0; t < kSteps; ++t) {
          if (!same_bits(step(stream, c, data, t), expected[static_cast<std::size_t>(t)])) ++wrong;
        }
        if (predicted(model, c, data, kSteps, 1 + number % 2) != expected.back()) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect(wrong == 0, c.text() + ": with other threads on the same model");
}

void check_refusals() {
  const Model model = model_of({"lstm", skrnn::Pooling::kLast, 1, 3, 1, false});
  for (const Index batch : {Index{0}, Index{-1}, INT64_MIN, INT64_MAX, Index{1} << 48}) {
    expect_refused([&] { Stream(model, batch); }, std::to_string(batch));
  }
  skrnn::ServingSettings settings;
  settings.network.bidirectional = true;
  expect_refused([&] { Stream(Model(settings, random_parameters(settings).data())); },
                 "bidirectional=False");
  settings.network.bidirectional = false;
  settings.network.pooling = skrnn::Pooling::kHorizon;
  settings.network.horizon = 2;
  expect_refused([&] { Stream(Model(settings, random_parameters(settings).data())); },
                 "pooling='horizon'");
  settings.network.horizon = 0;
  settings.network.pooling = skrnn::Pooling::kAttention;
  expect_refused([&] { Stream(Model(settings, random_parameters(settings).data())); },
                 "pooling='attention'");
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const skrnn::CellInfo& cell : skrnn::cells()) {
    for (const skrnn::Pooling pooling : {skrnn::Pooling::kLast, skrnn::Pooling::kMean,
                                         skrnn::Pooling::kMax, skrnn::Pooling::kLastMeanMax}) {
      for (const Index batch : {1, 3}) {
        result.push_back({cell.name, pooling, 1, 37, batch, false});
        result.push_back({cell.name, pooling, 2, 6, batch, true});
        result.push_back({cell.name, pooling, 1, 6, batch, true, true});
        result.push_back({cell.name, pooling, 2, 6, batch, true, false, 3});
        result.push_back({cell.name, pooling, 1, 6, batch, true, true, 2});
        result.push_back({cell.name, pooling, 1, 6, batch, false, false, 0, 11});
      }
    }
  }
  return result;
}

}  // namespace

int main() {
  check_counter();
  check_refusals();
  for (const std::string& isa : skrnn::available_isas()) {
    skrnn::select_isa(isa);
    std::printf("%s\n", isa.c_str());
    for (const Case& c : cases()) {
      const Problem problem(c);
      check_agrees(problem);
      check_allocates_nothing(problem);
      check_lifetimes(problem);
      check_state(problem);
    }
    check_threads(Problem({"lstm", skrnn::Pooling::kMean, 2, 37, 3, false}));
    check_threads(Problem({"gru", skrnn::Pooling::kLast, 1, 6, 40, true}));
  }
  return conclusion();
}
