// A few sequences, gathered for the kernels: in order of descending length, step after step.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/buffer.h"
#include "skrnn/batch.h"
#include "skrnn/network.h"

namespace skrnn {

// True if all sequences have as many steps as the first.
bool have_equal_lengths(const SequenceData& data);

// Steps [first_step, first_step + steps) of some sequences. Shorter sequences end earlier; those
// that end before first_step are left out.
class Minibatch {
 public:
  // `samples` in order of descending length. `channels` is the width of data.values.
  void gather(const SequenceData& data, const std::int64_t* samples, std::int64_t count,
              std::int64_t first_step, std::int64_t max_steps, std::int64_t channels,
              bool bidirectional);

  std::int64_t size() const { return forward_->size(); }  // B
  std::int64_t rows() const { return forward_->rows(); }
  std::int64_t first_step() const { return first_step_; }
  const Batch& batch(bool reverse) const { return reverse ? *reverse_ : *forward_; }

  std::int64_t sample(std::int64_t rank) const { return samples_[rank]; }
  // True if the last step of that sequence is among the gathered ones.
  bool ends(std::int64_t rank) const { return ends_[rank]; }
  // Calls f(row, rank, step in the sequence) for each row.
  template <class F>
  void for_each_row(F&& f) const {
    std::int64_t row = 0;
    for (std::int64_t t = 0; t < forward_->steps(); ++t) {
      for (std::int64_t i = 0; i < forward_->active(t); ++i, ++row) f(row, i, first_step_ + t);
    }
  }

  const float* values() const { return values_.get(); }                // [rows, C]
  const std::vector<std::int64_t>& tokens() const { return tokens_; }  // [rows]

  // Of data with side channels: the row of each row's step, [rows, K].
  const float* side() const { return side_.get(); }

  // Of windows with covariates of the steps to come: those of rank 0, then those of rank 1, ...,
  // [size * horizon, future_covariates].
  const float* future() const { return future_.get(); }

  // Of data with spellings: the distinct words of the rows, each a sequence whose tokens are its
  // letters, and the rank among them of a row's word. Null for other data.
  const Minibatch* words() const { return words_.get(); }
  std::int64_t word_rank(std::int64_t row) const { return word_ranks_[row]; }

 private:
  void gather_words(const SequenceData& data);
  void gather_side(const SideChannels& side);
  void gather_future(const SequenceData& data);

  std::int64_t first_step_ = 0;
  std::optional<Batch> forward_, reverse_;
  std::vector<std::int64_t> samples_;
  std::vector<bool> ends_;
  Workspace<float> values_, side_, future_;
  std::vector<std::int64_t> tokens_;
  std::unique_ptr<Minibatch> words_;
  std::vector<std::int64_t> word_ranks_;  // [rows]
};

// Sequences 0..n-1 in minibatches of at most `batch_size`, each in order of descending length.
class Minibatches {
 public:
  // Shuffled, with similar lengths together: the sequences are shuffled, cut into pools of many
  // minibatches, sorted by length within a pool, cut into minibatches, and these shuffled again.
  static Minibatches shuffled(const SequenceData& data, std::int64_t batch_size, std::uint64_t seed,
                              std::uint32_t epoch);
  // One minibatch of sequences in that order, which must be one of descending length.
  static Minibatches one(const std::vector<std::int64_t>& samples);
  // All sequences by descending length, cut when a minibatch has `batch_size` sequences or
  // `max_rows` rows.
  static Minibatches sorted(const SequenceData& data, std::int64_t batch_size,
                            std::int64_t max_rows);

  std::int64_t count() const { return static_cast<std::int64_t>(begin_.size()) - 1; }
  const std::int64_t* samples(std::int64_t batch) const { return order_.data() + begin_[batch]; }
  std::int64_t size(std::int64_t batch) const { return begin_[batch + 1] - begin_[batch]; }

 private:
  std::vector<std::int64_t> order_;
  std::vector<std::int64_t> begin_;
};

}  // namespace skrnn
