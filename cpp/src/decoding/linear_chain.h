// A linear-chain CRF (Lafferty, McCallum & Pereira, ICML 2001) of one sequence, in float64 and in
// log space: exact for scores of any size, forbidden transitions such as -10000 among them.
#pragma once

#include <cstdint>
#include <vector>

#include "decoding/transition_scores.h"

namespace skrnn {

// Any number of threads may use one. Emissions are [T, K].
class LinearChain {
 public:
  // Copies the scores.
  explicit LinearChain(const TransitionScores& scores);

  std::int64_t labels() const { return K_; }

  // log Z, the logarithm of the sum of exp(score) over all paths.
  double log_partition(std::int64_t T, const float* emissions) const;

  // The gradient of log Z. By the emissions: the probability of each label at each step, to
  // `marginals` [T, K]. By the transitions: the probability of each pair of neighbouring labels,
  // summed over the steps, times `weight` added to `pairs` [K, K]; null for none. Returns log Z.
  double marginals(std::int64_t T, const float* emissions, double* marginals, double weight = 1,
                   double* pairs = nullptr) const;

  // The n paths of the largest scores, best first (Viterbi's algorithm, with lists; Seshadri &
  // Sundberg, IEEE Transactions on Communications 42, 1994). Of paths with equal scores the first
  // has the smaller label at the last step where they differ. Path p goes to labels[p * stride],
  // [T]; its score to scores[p * score_stride]. If there are fewer paths, the rest score -infinity,
  // and their labels are 0.
  void best_paths(std::int64_t T, const float* emissions, std::int64_t n, std::int64_t* labels,
                  std::int64_t stride, double* scores, std::int64_t score_stride) const;

 private:
  // A matrix of scores m [K, K], for out[c] = log sum over k of exp(v[k] + m[k][c]).
  struct Matrix {
    std::vector<double> scores;   // m
    std::vector<double> largest;  // [K] of each column
    std::vector<double> terms;    // exp(m[k][c] - largest[c])
  };
  static Matrix matrix_of(std::int64_t K, const float* m, std::int64_t row, std::int64_t column);
  void log_product(const Matrix& matrix, const double* v, double* scratch, double* out) const;

  // [T, K]: of all paths up to step t that end in label k, e_t included; of all that follow it.
  std::vector<double> forward(std::int64_t T, const float* emissions) const;
  std::vector<double> backward(std::int64_t T, const float* emissions) const;

  std::int64_t K_;
  Matrix onward_, back_;  // m[from][to], m[to][from]
  std::vector<double> start_, end_;
};

}  // namespace skrnn
