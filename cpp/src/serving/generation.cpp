#include "skrnn/generation.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/buffer.h"

namespace skrnn {
namespace {

void require_language_model(const ServingSettings& settings) {
  const NetworkSettings& network = settings.network;
  const auto refuse = [](const std::string& what) {
    throw std::invalid_argument("stream: its model " + what +
                                "; generate with a model that predicts the next token");
  };
  if (settings.loss.name != "cross_entropy") refuse("has the loss '" + settings.loss.name + "'");
  if (!network.reads_tokens()) refuse("reads channels, not tokens");
  if (network.reads_letters()) refuse("reads the letters of words");
  if (network.pooling != Pooling::kEveryStep && network.pooling != Pooling::kLast) {
    refuse("pools all steps, and answers neither at every step nor by the last");
  }
  if (network.output_size > network.input_size) {
    refuse("has " + std::to_string(network.output_size) + " outputs, but reads " +
           std::to_string(network.input_size) + " tokens only");
  }
}

std::int64_t longest_of(const SequenceData& sequences) {
  std::int64_t longest = 0;
  for (std::int64_t b = 0; b < sequences.size; ++b) {
    longest = std::max(longest, sequences.offsets[b + 1] - sequences.offsets[b]);
  }
  return longest;
}

void check_prefixes(const SequenceData& prefixes, std::int64_t B, std::int64_t known) {
  if (prefixes.size != B) {
    throw std::invalid_argument("prefix: expected one for each of the " + std::to_string(B) +
                                " sequences of the stream, got " + std::to_string(prefixes.size));
  }
  for (std::int64_t b = 0; b < B; ++b) {
    const std::string name = "prefix[" + std::to_string(b) + "]";
    if (prefixes.offsets[b] >= prefixes.offsets[b + 1]) {
      throw std::invalid_argument(name + " is empty; begin with a token at least");
    }
    for (std::int64_t i = prefixes.offsets[b]; i < prefixes.offsets[b + 1]; ++i) {
      const std::int64_t token = prefixes.tokens[i];
      if (token >= 0 && token < known) continue;
      throw std::invalid_argument(name + " holds the token " + std::to_string(token) +
                                  " at index " + std::to_string(i - prefixes.offsets[b]) +
                                  "; expected 0.." + std::to_string(known - 1));
    }
  }
}

void check_side(const SideChannels& side, std::int64_t B, std::int64_t channels) {
  if (side.channels != channels) {
    throw std::invalid_argument("side: expected " + std::to_string(channels) +
                                " channels, which the model reads, got " +
                                std::to_string(side.channels));
  }
  for (std::int64_t b = 0; b < B && channels > 0; ++b) {
    if (side.offsets[b] < side.offsets[b + 1]) continue;
    throw std::invalid_argument("side: sequence " + std::to_string(b) +
                                " has no row; expected one at least");
  }
}

void check_stop(std::int64_t stop, std::int64_t V, const std::vector<std::int64_t>& excluded) {
  if (stop == Generation::kNoStop) return;
  if (stop < 0 || stop >= V) {
    throw std::invalid_argument("stop is the token " + std::to_string(stop) + "; expected 0.." +
                                std::to_string(V - 1) + ", or none");
  }
  if (std::find(excluded.begin(), excluded.end(), stop) != excluded.end()) {
    throw std::invalid_argument("stop is the token " + std::to_string(stop) +
                                ", which is excluded and so never drawn; take it out of excluded");
  }
}

// The state of a stream, to be put back for some sequences.
class SavedState {
 public:
  explicit SavedState(Stream& stream) : stream_(stream) {
    for_each_part([&](auto* state, std::int64_t n) { save(state, stream_.batch_size() * n); });
  }

  void restore(std::int64_t b) {
    const char* from = bytes_.data();
    for_each_part([&](auto* state, std::int64_t n) {
      const auto size = static_cast<std::size_t>(n) * sizeof *state;
      std::memcpy(state + b * n, from + static_cast<std::size_t>(b) * size, size);
      from += static_cast<std::size_t>(stream_.batch_size()) * size;
    });
  }

 private:
  template <class T>
  void save(const T* state, std::int64_t n) {
    const auto* bytes = reinterpret_cast<const char*>(state);
    bytes_.insert(bytes_.end(), bytes, bytes + static_cast<std::size_t>(n) * sizeof(T));
  }

  // Calls body(state, n) for each array [B, n].
  template <class Body>
  void for_each_part(const Body& body) {
    for (std::int64_t layer = 0; layer < stream_.num_layers(); ++layer) {
      for (std::size_t k = 0; k < stream_.cell().states.size(); ++k) {
        body(stream_.state(layer, k), stream_.hidden_size());
      }
    }
    body(stream_.steps(), 1);
  }

  Stream& stream_;
  std::vector<char> bytes_;
};

}  // namespace

struct Generation::Impl {
  Stream& stream;
  Sampler sampler;
  const std::int64_t B, V, stop;
  std::vector<std::int64_t> tokens;        // of the prefixes, until they are read
  std::vector<std::int64_t> offsets;       // [B + 1]
  std::vector<std::int64_t> side_offsets;  // [B + 1]
  std::vector<float> side_values;
  std::vector<std::int64_t> sequences;  // [B] their numbers
  std::vector<std::int64_t> last;       // [B] tokens that the stream has not read yet
  std::vector<std::int64_t> next;       // [B]
  std::vector<char> alive;              // [B]
  Buffer<bool> seen;                    // [B, V], or null without a penalty
  std::int64_t step = 0;
  bool broken = false;

  Impl(Stream& s, const SamplingSettings& settings, const SequenceData& prefixes,
       std::int64_t stop_token, std::int64_t first_sequence)
      : stream(s),
        sampler(settings),
        B(s.batch_size()),
        V(s.answer_size()),
        stop(stop_token),
        last(static_cast<std::size_t>(B)),
        next(static_cast<std::size_t>(B)),
        alive(static_cast<std::size_t>(B), 1) {
    require_language_model(stream.settings());
    check_prefixes(prefixes, B, stream.settings().network.input_size);
    check_side(prefixes.side, B, stream.settings().network.side_channels);
    sampler.check_tokens(V);
    check_stop(stop, V, sampler.settings().excluded);
    for (std::int64_t i = 0; i < prefixes.offsets[B]; ++i) tokens.push_back(prefixes.tokens[i]);
    offsets.assign(prefixes.offsets, prefixes.offsets + B + 1);
    copy_side(prefixes.side);
    for (std::int64_t b = 0; b < B; ++b) sequences.push_back(first_sequence + b);
    if (settings.repetition_penalty != 1) note_prefixes();
  }

  void copy_side(const SideChannels& side) {
    if (side.channels == 0) return;
    side_offsets.assign(side.offsets, side.offsets + B + 1);
    side_values.assign(side.values, side.values + side.offsets[B] * side.channels);
  }

  // Sets the side channels of sequence b. `at` counts from the prefix's first token; below 0 the
  // sequence only waits for longer prefixes.
  void set_side(std::int64_t b, std::int64_t at) {
    const std::int64_t channels = stream.settings().network.side_channels;
    if (channels == 0) return;
    const SideChannels side{channels, side_values.data(), side_offsets.data()};
    std::copy_n(side.row(b, std::max<std::int64_t>(at, 0)), channels, stream.side() + b * channels);
  }

  void note_prefixes() {
    seen = make_buffer<bool>(B * V, "the tokens that have occurred");
    std::fill_n(seen.get(), B * V, false);
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t i = offset(b); i < offset(b + 1); ++i) note(b, token(i));
    }
  }

  // A model may read tokens that it never answers, such as one that begins a sequence.
  void note(std::int64_t b, std::int64_t value) {
    if (seen && value < V) seen[b * V + value] = true;
  }

  std::int64_t offset(std::int64_t b) const { return offsets[static_cast<std::size_t>(b)]; }
  std::int64_t token(std::int64_t i) const { return tokens[static_cast<std::size_t>(i)]; }

  // Reads all prefixes but their last tokens. They end together: a sequence whose prefix is shorter
  // reads any token until its own begins, and then starts from the state that it had.
  bool read_prefixes(KeepGoing keep_going, void* context) {
    if (tokens.empty()) return true;
    const std::int64_t longest = longest_of({B, offsets.data(), nullptr, tokens.data()});
    SavedState before(stream);
    for (std::int64_t t = 0; t < longest; ++t) {
      for (std::int64_t b = 0; b < B; ++b) {
        const std::int64_t at = offset(b + 1) - longest + t;  // the token's place
        last[static_cast<std::size_t>(b)] = at < offset(b) ? 0 : token(at);
        if (at == offset(b) && t > 0) before.restore(b);
        set_side(b, at - offset(b));
      }
      if (t + 1 == longest) break;
      if (keep_going != nullptr && !keep_going(context)) return false;
      stream.step_outputs(last.data());
    }
    tokens.clear();
    return true;
  }

  void draw(int threads) {
    for (std::int64_t b = 0; b < B; ++b) set_side(b, offset(b + 1) - offset(b) - 1 + step);
    const float* logits = stream.step_outputs(last.data());
    sampler.pick(B, V, logits, seen.get(), sequences.data(), step, next.data(), threads);
    for (std::int64_t b = 0; b < B; ++b) {
      const auto i = static_cast<std::size_t>(b);
      if (!alive[i]) {
        next[i] = stop;
        continue;
      }
      if (next[i] < 0) {
        throw std::runtime_error("sequence " + std::to_string(b) + ", step " +
                                 std::to_string(step) +
                                 ": no token can be drawn, because the model answers with NaN or "
                                 "infinity; its training diverged: lower learning_rate");
      }
      if (next[i] == stop) alive[i] = 0;
      note(b, next[i]);
    }
    last.swap(next);
  }

  bool advance(std::int64_t steps, std::int64_t* to, int threads, KeepGoing keep_going,
               void* context) {
    if (!read_prefixes(keep_going, context)) return false;
    for (std::int64_t t = 0; t < steps; ++t, ++step) {
      if (t > 0 && keep_going != nullptr && !keep_going(context)) return false;
      const bool any = std::find(alive.begin(), alive.end(), 1) != alive.end();
      if (any) draw(threads);
      for (std::int64_t b = 0; b < B; ++b) to[b * steps + t] = last[static_cast<std::size_t>(b)];
    }
    return true;
  }
};

Generation::Generation(Stream& stream, const SamplingSettings& settings,
                       const SequenceData& prefixes, std::int64_t stop, std::int64_t first_sequence)
    : impl_(std::make_unique<Impl>(stream, settings, prefixes, stop, first_sequence)) {}
Generation::~Generation() = default;
Generation::Generation(Generation&&) noexcept = default;
Generation& Generation::operator=(Generation&&) noexcept = default;

bool Generation::advance(std::int64_t steps, std::int64_t* tokens, int threads,
                         KeepGoing keep_going, void* context) {
  if (impl_->broken) {
    throw std::logic_error(
        "an earlier call of advance did not come to its end, and its tokens are lost; begin "
        "another generation, which draws the same tokens again");
  }
  impl_->broken = true;
  impl_->broken = !impl_->advance(steps, tokens, threads, keep_going, context);
  return !impl_->broken;
}

bool Generation::alive(std::int64_t b) const noexcept {
  return impl_->alive[static_cast<std::size_t>(b)] != 0;
}

}  // namespace skrnn
