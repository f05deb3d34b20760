// The loss of a linear-chain CRF by itself, without a network.
#pragma once

#include <cstdint>

#include "skrnn/network.h"
#include "skrnn/trainer.h"

namespace skrnn {

// The loss a step of sequences of labels as Trainer::gradient computes it, and its gradients.
// `data.values` [rows, K] are emissions, the scores of the labels at each step; `transitions`
// [K * K + 2 * K] are the scores of each pair of neighbouring labels (from, to), of the first label
// and of the last one. Targets have the number of a label for each step, and the same weight for
// all steps of a sequence.
double chain_loss(std::int64_t labels, const SequenceData& data, const Targets& targets,
                  const float* transitions, float* demissions /* [rows, K] */,
                  float* dtransitions /* [K * K + 2 * K] */, int threads);

}  // namespace skrnn
