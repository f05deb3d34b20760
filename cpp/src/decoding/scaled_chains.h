// log Z of the linear-chain CRFs of a minibatch, and its gradient, in float32 and in the
// exponential domain: sums of products instead of logarithms of sums of exponentials.
//
// With E = exp(between), x_t = exp(e_t), and every exponential divided by the largest of its kind
// so that it is 1 at most, the recursions of a sequence (Rabiner, Proceedings of the IEEE 77, 1989,
// section V.A) are
//
//   a_0 = exp(start) x_0 + floor,          a_t = (a_{t-1} E) x_t + floor,        a_t /= c_t = sum
//   a_t b_{T-1} = exp(end) + floor,            b_t = E (x_{t+1} b_{t+1}) + floor,    b_t /= d_t =
//   sum b_t
//
//   P(y_t = k)                    = a_t[k] b_t[k] / s_t,                        s_t = a_t . b_t
//   P(y_t = i, y_{t+1} = j)       = a_t[i] E[i][j] x_{t+1}[j] b_{t+1}[j] / (d_t s_t)
//   log Z                         = sum of log c_t + log(a_{T-1} . exp(end)), and what was divided
//   by
//
// What underflows is lost, and may have been all that matters later. The floor is at least what a
// step can lose, so the a_t and b_t are never too small; and the share of Z that the floors have
// added is at most the sum over t of floor (1 / c_t + 1 / d_t) / s_t. Where this bound is not
// negligible, the sequence is computed by LinearChain. Marginals leave the floor out again, so that
// what cannot be has a probability of zero.
#pragma once

#include <cstdint>
#include <vector>

#include "base/buffer.h"
#include "decoding/transition_scores.h"
#include "layer/kernel_table.h"
#include "skrnn/batch.h"

namespace skrnn {

class ScaledChains {
 public:
  explicit ScaledChains(std::int64_t labels);

  // The gradient of the sum over sequences of weight times log Z.
  struct Gradient {
    float* emissions;  // [rows, K]
    double* between;   // [K, K]
    double* start;     // [K]
    double* end;       // [K]
  };

  // `emissions` [rows, K] are by Batch::packed_row; `weights` [B] by rank. A sequence of weight 0
  // is left out, whatever its emissions are. log Z goes to `log_partitions` [B].
  void differentiate(const Batch& batch, const TransitionScores& scores, const float* emissions,
                     const float* weights, double* log_partitions, const Gradient& gradient,
                     int threads);

 private:
  struct Terms {
    float* values;  // exp(score - largest)
    float largest;
  };
  Terms terms_of(const float* scores, std::int64_t n, Workspace<float>& workspace) const;
  void load(const TransitionScores& scores);

  void forward(const Batch& batch, const float* emissions, Range ranks, char* scratch);
  void backward(const Batch& batch, const float* weights, Range ranks, float* marginals,
                char* scratch);
  void finish(const Batch& batch, const float* weights, Range ranks, double* log_partitions,
              float* marginals);
  // The sequences that differentiate cannot do so, in log space.
  void repeat_exactly(const Batch& batch, const TransitionScores& scores, const float* emissions,
                      const float* weights, double* log_partitions, const Gradient& gradient) const;

  const KernelTable& kernels_;
  const std::int64_t K_, P_;  // labels, and floats in a padded row
  Workspace<float> floor_;    // [P]
  Terms between_{}, start_{}, end_{};
  Workspace<float> between_terms_, start_terms_, end_terms_;
  Workspace<float> onward_, back_;     // E and its transpose, packed
  Workspace<float> x_, a_, b_;         // [rows, P], [rows, P], [B, P]
  Workspace<float> largest_, sums_;    // [rows] of the emissions, c_t
  Workspace<float> back_sums_, dots_;  // [B] d_t, d_t s_t of the step at hand
  Workspace<double> lost_;             // [B] bound of the share of Z
  Workspace<float> pairs_;             // [P, P]
  Workspace<char> scratch_;
};

}  // namespace skrnn
