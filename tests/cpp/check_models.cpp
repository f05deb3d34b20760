// Checks of models: operations on channels follow the description, locales do not change the
// reading of a file, and sequences without steps are refused. See check_kernels.cpp for how to
// build and run.
#if defined(__SSE__)
#include <xmmintrin.h>
#endif
#include <algorithm>
#include <clocale>
#include <cmath>
#include <cstring>
#include <locale>

#include "model_files.h"
#include "random.h"
#include "skrnn/isa.h"
#include "skrnn/stream.h"

namespace {

using skrnn::Model;
using skrnn::Stream;

// More channels than one block of the operations.
void check_operations() {
  using Kind = skrnn::ChannelOperation::Kind;
  constexpr Index kChannels = 150;
  Random random(0);
  std::vector<double> values;
  std::vector<float> raw;
  for (Index i = 0; i < kChannels; ++i) {
    values.push_back(2.1 + 0.1 / 3 * static_cast<double>(i));  // no float equals it
    // Each seventh is NaN, which kAdd keeps and kFill replaces.
    raw.push_back(i % 7 == 0 ? std::nanf("") : random.uniform(1e3));
  }
  for (const bool in_float64 : {false, true}) {
    skrnn::ServingSettings settings;
    settings.network.input_size = kChannels;
    settings.network.hidden_size = 4;
    const std::vector<float> parameters = random_parameters(settings);
    const Model plain(settings, parameters.data());
    std::vector<float> prepared = raw;
    for (const Kind kind :
         {Kind::kAdd, Kind::kFill, Kind::kMultiply, Kind::kSubtract, Kind::kDivide}) {
      settings.operations.push_back({kind, values, in_float64});
      for (std::size_t i = 0; i < raw.size(); ++i) {
        const auto combined = [kind](auto x, auto v) {
          if (kind == Kind::kFill) return std::isnan(x) ? v : x;
          return kind == Kind::kAdd        ? x + v
                 : kind == Kind::kMultiply ? x * v
                 : kind == Kind::kSubtract ? x - v
                                           : x / v;
        };
        prepared[i] = in_float64 ? static_cast<float>(combined(double{prepared[i]}, values[i]))
                                 : combined(prepared[i], static_cast<float>(values[i]));
      }
    }
    const Model model(settings, parameters.data());
    expect(model.settings().fills_nan() && !plain.settings().fills_nan(), "which models fill NaN");
    std::vector<float> found(raw.size());
    model.prepare(1, raw.data(), found.data());
    expect(found == prepared, "operations on channels");
    Stream stream(model), by_hand(plain);
    expect(*stream.step(raw.data()) == *by_hand.step(prepared.data()), "a step after operations");
  }
}

// Numbers with a comma before the decimals and dots between thousands.
struct Commas : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

void check_locale() {
  const Bytes bytes = container(file_of(channels_model()));
  const auto read = [&] { return Model::parse(bytes.data(), bytes.size()); };
  const Model before = read();
  const std::locale was = std::locale::global(std::locale(std::locale(), new Commas));
  bool found = false;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "German_Germany.1252"}) {
    found = found || std::setlocale(LC_ALL, name) != nullptr;
  }
  std::printf("locale: commas in C++, %s in C\n", found ? "German" : "no German");
  const Model after = read();
  expect(after.settings().loss.options == before.settings().loss.options &&
             after.settings().target_mean == before.settings().target_mean &&
             after.description() == before.description(),
         "a file that is read under another locale");
  const float x[] = {0.5f, -1};
  Stream one(before), other(after);
  const double* a = one.step(x);
  const double* b = other.step(x);
  expect(std::memcmp(a, b, 4 * sizeof(double)) == 0, "answers under another locale");
  std::setlocale(LC_ALL, "C");
  std::locale::global(was);
}

void check_empty_sequences() {
  skrnn::ServingSettings settings;
  const Model model(settings, random_parameters(settings).data());
  const Index offsets[] = {0, 2, 2};
  const float values[] = {1, 2};
  double answers[2];
  expect_refused([&] { model.predict({2, offsets, values, nullptr}, answers, 1); },
                 "sequence 1 has no steps");
}

// The threads of a call treat subnormal numbers as its caller does.
void check_subnormals() {
#if defined(__SSE__)
  skrnn::ServingSettings settings;
  settings.network = {"rnn", 1, 0, 2, 1, false, skrnn::Pooling::kEveryStep, 4};
  settings.loss.name = "cross_entropy";
  const float bias[] = {0, -95, -100, -3};  // exp(-95) is subnormal
  std::vector<float> parameters(random_parameters(settings).size());
  std::copy(bias, bias + 4, parameters.end() - 4);
  const Model model(settings, parameters.data());
  constexpr Index kMany = 40'000;  // steps, enough for several threads
  const Index offsets[] = {0, kMany};
  const std::vector<float> values(kMany);
  const auto answers = [&](int threads) {
    std::vector<double> result(4 * kMany);
    model.predict({1, offsets, values.data(), nullptr}, result.data(), threads);
    return result;
  };
  expect(answers(1)[1] > 0, "the caller keeps subnormal numbers");
  expect(answers(1) == answers(3), "subnormal numbers on other threads");
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);  // results are flushed, operands read as zero
  const bool flushed = answers(1)[1] == 0, same = answers(1) == answers(3);
  _mm_setcsr(before);
  expect(flushed, "the caller flushes subnormal numbers");
  expect(same, "subnormal numbers that the caller flushes, on other threads");
#endif
}

}  // namespace

int main() {
  check_empty_sequences();
  check_subnormals();
  check_operations();
  for (const std::string& isa : skrnn::available_isas()) {
    skrnn::select_isa(isa);
    std::printf("%s\n", isa.c_str());
    check_locale();
  }
  return conclusion();
}
