#include "network/minibatch.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/philox.h"

namespace skrnn {
namespace {

std::int64_t length_of(const SequenceData& data, std::int64_t sample) {
  return data.offsets[sample + 1] - data.offsets[sample];
}

void sort_by_descending_length(const SequenceData& data, std::int64_t* begin, std::int64_t* end) {
  std::stable_sort(begin, end, [&](std::int64_t a, std::int64_t b) {
    return length_of(data, a) > length_of(data, b);
  });
}

// The shuffle of an epoch. The last word of its Philox counter tells it from those of dropout,
// which hold the epoch there.
class Shuffle {
 public:
  Shuffle(std::uint64_t seed, std::uint32_t epoch) : seed_(seed), epoch_(epoch) {}

  // The Fisher-Yates shuffle.
  template <class T>
  void operator()(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  // Uniform in 0..n-1 but for a bias of n / 2^64.
  std::size_t below(std::size_t n) {
    const PhiloxWords words = philox({count_++, epoch_, 0, 0xFFFFFFFF}, seed_);
    const std::uint64_t bits = std::uint64_t{words[0]} << 32 | words[1];
    // The high half of the 128-bit product bits * n.
    const std::uint64_t low = (bits & 0xFFFFFFFF) * n >> 32;
    return static_cast<std::size_t>(((bits >> 32) * n + low) >> 32);
  }

  std::uint64_t seed_;
  std::uint32_t epoch_;
  std::uint32_t count_ = 0;
};

}  // namespace

bool have_equal_lengths(const SequenceData& data) {
  for (std::int64_t i = 1; i < data.size; ++i) {
    if (length_of(data, i) != length_of(data, 0)) return false;
  }
  return true;
}

void Minibatch::gather(const SequenceData& data, const std::int64_t* samples, std::int64_t count,
                       std::int64_t first_step, std::int64_t max_steps, std::int64_t channels,
                       bool bidirectional) {
  first_step_ = first_step;
  samples_.clear();
  ends_.clear();
  std::vector<std::int64_t> batch_sizes;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t left = length_of(data, samples[i]) - first_step;
    if (left <= 0) break;
    samples_.push_back(samples[i]);
    ends_.push_back(left <= max_steps);
    if (i == 0) batch_sizes.assign(static_cast<std::size_t>(std::min(left, max_steps)), 0);
    for (std::int64_t t = 0; t < std::min(left, max_steps); ++t) ++batch_sizes[t];
  }
  const auto steps = static_cast<std::int64_t>(batch_sizes.size());
  forward_ = Batch::packed(steps, batch_sizes.data(), false);
  reverse_.reset();
  if (bidirectional) reverse_ = Batch::packed(steps, batch_sizes.data(), true);

  words_.reset();
  if (data.words != nullptr) gather_words(data);
  if (data.side.channels > 0) gather_side(data.side);
  if (data.windows.future_covariates > 0) gather_future(data);
  if (data.tokens) {
    tokens_.resize(static_cast<std::size_t>(rows()));
    for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
      tokens_[row] = data.token(samples_[rank], step);
    });
    return;
  }
  float* to = values_.reserve(rows() * channels);
  for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    if (data.windows) {
      data.windows.read(data.values, samples_[rank], step, to + row * channels);
      return;
    }
    std::memcpy(to + row * channels, data.values + (data.offsets[samples_[rank]] + step) * channels,
                static_cast<std::size_t>(channels) * sizeof(float));
  });
}

void Minibatch::gather_side(const SideChannels& side) {
  float* to = side_.reserve(rows() * side.channels);
  for_each_row([&](std::int64_t, std::int64_t rank, std::int64_t step) {
    to = std::copy_n(side.row(samples_[rank], step), side.channels, to);
  });
}

void Minibatch::gather_future(const SequenceData& data) {
  const Windows& windows = data.windows;
  float* to = future_.reserve(size() * windows.horizon * windows.future_covariates);
  for (const std::int64_t sample : samples_) {
    const float* from = windows.future(sample, length_of(data, sample), 0);
    to = std::copy_n(from, windows.horizon * windows.future_covariates, to);
  }
}

void Minibatch::gather_words(const SequenceData& data) {
  SequenceData spellings;
  spellings.size = data.num_words;
  spellings.offsets = data.word_offsets;
  spellings.tokens = data.letters;
  const auto before = [&](std::int64_t a, std::int64_t b) {
    const std::int64_t a_length = length_of(spellings, a), b_length = length_of(spellings, b);
    return a_length != b_length ? a_length > b_length : a < b;
  };

  std::vector<std::int64_t> words(static_cast<std::size_t>(rows()));
  for_each_row([&](std::int64_t row, std::int64_t rank, std::int64_t step) {
    words[row] = data.word(samples_[rank], step);
  });
  std::vector<std::int64_t> distinct = words;
  std::sort(distinct.begin(), distinct.end(), before);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  word_ranks_.resize(words.size());
  std::transform(words.begin(), words.end(), word_ranks_.begin(), [&](std::int64_t word) {
    return std::lower_bound(distinct.begin(), distinct.end(), word, before) - distinct.begin();
  });
  words_ = std::make_unique<Minibatch>();
  words_->gather(spellings, distinct.data(), static_cast<std::int64_t>(distinct.size()), 0,
                 std::numeric_limits<std::int64_t>::max(), 0, true);
}

Minibatches Minibatches::shuffled(const SequenceData& data, std::int64_t batch_size,
                                  std::uint64_t seed, std::uint32_t epoch) {
  // Minibatches in a pool. Few, because similar lengths save little if nothing is padded, and
  // minibatches that are nearly the same in each epoch train worse models.
  constexpr std::int64_t kPool = 4;
  Minibatches result;
  result.order_.resize(static_cast<std::size_t>(data.size));
  std::iota(result.order_.begin(), result.order_.end(), 0);
  Shuffle shuffle(seed, epoch);
  shuffle(result.order_);

  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  for (std::int64_t pool = 0; pool < data.size; pool += kPool * batch_size) {
    const std::int64_t end = std::min(data.size, pool + kPool * batch_size);
    sort_by_descending_length(data, result.order_.data() + pool, result.order_.data() + end);
    for (std::int64_t begin = pool; begin < end; begin += batch_size) {
      ranges.emplace_back(begin, std::min(end, begin + batch_size));
    }
  }
  shuffle(ranges);

  std::vector<std::int64_t> order;
  order.reserve(result.order_.size());
  result.begin_ = {0};
  for (const auto& [begin, end] : ranges) {
    order.insert(order.end(), result.order_.begin() + begin, result.order_.begin() + end);
    result.begin_.push_back(static_cast<std::int64_t>(order.size()));
  }
  result.order_ = std::move(order);
  return result;
}

Minibatches Minibatches::one(const std::vector<std::int64_t>& samples) {
  Minibatches result;
  result.order_ = samples;
  result.begin_ = {0, static_cast<std::int64_t>(samples.size())};
  return result;
}

Minibatches Minibatches::sorted(const SequenceData& data, std::int64_t batch_size,
                                std::int64_t max_rows) {
  Minibatches result;
  result.order_.resize(static_cast<std::size_t>(data.size));
  std::iota(result.order_.begin(), result.order_.end(), 0);
  sort_by_descending_length(data, result.order_.data(), result.order_.data() + data.size);
  result.begin_ = {0};
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < data.size; ++i) {
    const std::int64_t length = length_of(data, result.order_[i]);
    const std::int64_t here = i - result.begin_.back();
    if (here == batch_size || (here > 0 && rows + length > max_rows)) {
      result.begin_.push_back(i);
      rows = 0;
    }
    rows += length;
  }
  if (data.size > 0) result.begin_.push_back(data.size);
  return result;
}

}  // namespace skrnn
