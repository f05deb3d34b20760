// Prediction: a network forward over any number of sequences, in bounded memory.
#pragma once

#include "network/packed_network.h"
#include "skrnn/network.h"

namespace skrnn {

// As the public predict, with parameters that are packed already.
bool predict(const PackedNetwork& packed, const SequenceData& data, float* outputs, int threads,
             KeepGoing keep_going, void* context);

}  // namespace skrnn
