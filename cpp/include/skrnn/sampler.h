// The choice of the next token from the log-probabilities of all tokens, by a model of any kind.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace skrnn {

// In the order in which they apply:
//
//   repetition_penalty   log p of tokens seen before is multiplied by it: above 1 they become less
//                        probable, below 1 more so (Keskar et al. 2019, "CTRL", section 4.1). A
//                        log-probability is never positive, so the sign of logits plays no part.
//   excluded             tokens that are never drawn
//   temperature          p^(1 / temperature); 0 takes the most probable token, the first of equals
//   top_k                keeps the k most probable tokens, and those as probable as the k-th
//   top_p                keeps the smallest set of tokens whose share of what is left reaches p,
//                        of equals the first (nucleus; Holtzman et al. 2020), and one at least
//   min_p                keeps tokens at least min_p times as probable as the most probable one
struct SamplingSettings {
  double temperature = 1;         // >= 0
  std::int64_t top_k = 0;         // >= 0; 0 keeps all
  double top_p = 1;               // in (0, 1]; 1 keeps all
  double min_p = 0;               // in [0, 1]; 0 keeps all
  double repetition_penalty = 1;  // > 0
  std::uint64_t seed = 0;
  std::vector<std::int64_t> excluded = {};
};

// One thread at a time may use a sampler. It owns the working memory of its calls: a call with no
// more tokens and threads than one before allocates nothing.
class Sampler {
 public:
  // Throws std::invalid_argument for a setting out of range.
  explicit Sampler(const SamplingSettings& settings);
  ~Sampler();
  Sampler(Sampler&&) noexcept;
  Sampler& operator=(Sampler&&) noexcept;

  const SamplingSettings& settings() const noexcept;

  // Throws std::invalid_argument if an excluded token is not one of V tokens, or all are excluded.
  void check_tokens(std::int64_t V) const;

  // Picks a token for each of B rows of `logits`, which are log-probabilities up to a constant for
  // each row. What is drawn depends on the row, the seed, the number of the sequence and the step
  // alone: neither on the other rows nor on `threads` (<= 0: max_threads()). `seen` says which
  // tokens have occurred; null means none. A row from which nothing can be drawn, because it holds
  // NaN or infinity or all that is not excluded has probability zero, gets -1. check_tokens(V) must
  // hold.
  void pick(std::int64_t B, std::int64_t V, const float* logits /* [B, V] */,
            const bool* seen /* [B, V] */, const std::int64_t* sequences /* [B] */,
            std::int64_t step, std::int64_t* tokens /* [B] */, int threads = 1);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skrnn
