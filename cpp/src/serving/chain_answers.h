// Answers of a network with transitions, from the emissions of all sequences.
#pragma once

#include "decoding/linear_chain.h"
#include "skrnn/network.h"

namespace skrnn {

// Both return false if `keep_going` (may be null) did; the answers are then incomplete. `emissions`
// are [rows, K].

// The probability of each label at each step, [rows, K].
bool chain_marginals(const LinearChain& chain, const SequenceData& data, const float* emissions,
                     double* answers, int threads, KeepGoing keep_going, void* context);

// As Model::best_paths.
bool chain_best_paths(const LinearChain& chain, const SequenceData& data, const float* emissions,
                      std::int64_t n, std::int64_t* labels, double* scores, int threads,
                      KeepGoing keep_going, void* context);

}  // namespace skrnn
