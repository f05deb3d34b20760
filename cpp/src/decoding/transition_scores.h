// The scores of a linear-chain CRF that its steps have in common.
#pragma once

#include <cstdint>

namespace skrnn {

// With e_t [K] the emissions of step t, a path y of labels scores
//
//   start[y_0] + sum over t of e_t[y_t] + sum over t > 0 of between[y_{t-1}][y_t] + end[y_{T-1}]
//
// and its probability is exp(score - log Z), where Z sums exp(score) over all paths.
struct TransitionScores {
  std::int64_t labels;   // K
  const float* between;  // [K, K] from, to
  const float* start;    // [K]
  const float* end;      // [K]

  // `scores` [size(K)] holds all three, one after another.
  static TransitionScores at(std::int64_t K, const float* scores) {
    return {K, scores, scores + K * K, scores + K * K + K};
  }
  static constexpr std::int64_t size(std::int64_t K) { return K * K + 2 * K; }
};

}  // namespace skrnn
