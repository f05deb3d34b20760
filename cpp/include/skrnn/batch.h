// The layout of a batch: the row of a time-major matrix that belongs to each step of a sequence.
#pragma once

#include <cstdint>
#include <vector>

namespace skrnn {

// A batch of B sequences whose steps are rows of one matrix, step after step. Sequences are handled
// in order of descending length, so that at step s the first active(s) of them are still running
// and none of the work touches padding. `reverse` reads each sequence from its own last step to its
// first.
//
// Three numberings are used here:
//   b    the sequence as the caller numbers it, 0..B-1 (rows of h0, h_n, c0, c_n)
//   i    its rank by descending length; sequence(i) == b
//   s    the step in the order of reading: the time t is s, or length(i)-1-s in reverse
class Batch {
 public:
  // Rows (t, b) of a padded (T, B, ·) array stand at t * B + b. `lengths` has B entries in 1..T, or
  // is null where all sequences have T steps. Throws std::invalid_argument for any other length.
  static Batch padded(std::int64_t steps, std::int64_t batch, const std::int64_t* lengths,
                      bool reverse);

  // Rows of a packed [sum of lengths, ·] array: step t holds the rows of the sequences longer than
  // t, in order of descending length. `batch_sizes` (descending, all >= 1) counts them for each
  // step.
  static Batch packed(std::int64_t steps, const std::int64_t* batch_sizes, bool reverse);

  std::int64_t size() const { return static_cast<std::int64_t>(order_.size()); }  // B
  std::int64_t steps() const { return static_cast<std::int64_t>(packed_offset_.size()) - 1; }
  std::int64_t rows() const { return rows_; }  // rows of x and y, padding included
  std::int64_t total_steps() const { return packed_offset_.back(); }  // sum of lengths
  bool has_padding() const { return rows_ != total_steps(); }

  std::int64_t sequence(std::int64_t i) const { return order_[i]; }
  std::int64_t length(std::int64_t i) const { return lengths_[i]; }
  std::int64_t active(std::int64_t s) const { return packed_offset_[s + 1] - packed_offset_[s]; }

  // Row of x, y and dy that sequence i reads at step s.
  std::int64_t row(std::int64_t s, std::int64_t i) const {
    return time_offset_[reverse_ ? lengths_[i] - 1 - s : s] + row_order_[i];
  }
  // Row of the values saved for backward: step after step in reading order, no padding.
  std::int64_t packed_row(std::int64_t s, std::int64_t i) const { return packed_offset_[s] + i; }

  bool reverse() const { return reverse_; }
  const std::vector<std::int64_t>& order() const { return order_; }
  const std::vector<std::int64_t>& row_order() const { return row_order_; }
  const std::vector<std::int64_t>& lengths() const { return lengths_; }
  const std::vector<std::int64_t>& time_offset() const { return time_offset_; }
  const std::vector<std::int64_t>& packed_offset() const { return packed_offset_; }

 private:
  Batch() = default;

  bool reverse_ = false;
  std::int64_t rows_ = 0;
  std::vector<std::int64_t> order_;          // [B] i -> b
  std::vector<std::int64_t> row_order_;      // [B] i -> row within a step
  std::vector<std::int64_t> lengths_;        // [B] by rank i, descending
  std::vector<std::int64_t> time_offset_;    // [T] t -> first row of that step
  std::vector<std::int64_t> packed_offset_;  // [T + 1] s -> first packed row of that step
};

}  // namespace skrnn
