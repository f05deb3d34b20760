// Forward passes over any number of sequences, in bounded memory.
#pragma once

#include <functional>

#include "network/minibatch.h"
#include "network/packed_network.h"
#include "skrnn/network.h"

namespace skrnn {

// Calls visit(batch, outputs) for minibatches, and cuts of minibatches in time, that together are
// all of `data`; `outputs` are those of NetworkPass::forward. Returns false if `keep_going` (may
// be null) did.
bool for_each_minibatch(const PackedNetwork& packed, const SequenceData& data, int threads,
                        KeepGoing keep_going, void* context,
                        const std::function<void(const Minibatch&, const float* outputs)>& visit);

// As the public predict, with parameters that are packed already.
bool predict(const PackedNetwork& packed, const SequenceData& data, float* outputs, int threads,
             KeepGoing keep_going, void* context);

}  // namespace skrnn
