// Forward passes over any number of sequences, in bounded memory.
#pragma once

#include <functional>

#include "network/minibatch.h"
#include "network/packed_network.h"
#include "network/stack.h"
#include "skrnn/network.h"

namespace skrnn {

// True if for_each_minibatch takes all of `data` as one minibatch, in order, and carries its states
// from cut to cut.
bool is_one_minibatch(const NetworkLayout& layout, const SequenceData& data);

// Calls visit(batch, outputs) for minibatches, and cuts of minibatches in time, that together are
// all of `data`; `outputs` are those of NetworkPass::forward. Returns false if `keep_going` (may
// be null) did. `states`, for data of one minibatch, are the initial states of all sequences, empty
// for zeros, and become the last ones.
bool for_each_minibatch(const PackedNetwork& packed, const SequenceData& data, int threads,
                        KeepGoing keep_going, void* context,
                        const std::function<void(const Minibatch&, const float* outputs)>& visit,
                        CarriedStates* states = nullptr);

// As the public predict, with parameters that are packed already.
bool predict(const PackedNetwork& packed, const SequenceData& data, float* outputs, int threads,
             KeepGoing keep_going, void* context);

}  // namespace skrnn
