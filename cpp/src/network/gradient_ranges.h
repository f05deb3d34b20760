// The parts of an arena of parameters that hold a gradient after a backward pass.
//
// A minibatch reads few rows of a large embedding, and the gradient of the others is zero. It is
// neither written nor read: what stands there is of no meaning.
#pragma once

#include <cstdint>
#include <vector>

#include "layer/kernel_table.h"

namespace skrnn {

// Ranges of floats, ascending, of which none overlap. The gradient is zero outside of them.
class GradientRanges {
 public:
  // All parameters, as one range.
  void cover(std::int64_t num_parameters) { ranges_.assign(1, {0, num_parameters}); }

  // Of `table`, which lies within one of the ranges, keeps only those rows of `size` floats. Rows
  // ascend and differ.
  void keep_rows(Range table, const std::vector<std::int64_t>& rows, std::int64_t size);

  const std::vector<Range>& get() const { return ranges_; }
  std::int64_t size() const;  // floats in all of them

 private:
  std::vector<Range> ranges_;
};

}  // namespace skrnn
