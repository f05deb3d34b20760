// Prediction: a network forward over any number of sequences, in bounded memory.
#pragma once

#include "packed_model.h"
#include "skrnn/sequence_model.h"

namespace skrnn {

// As the public predict, with parameters that are packed already.
bool predict(const PackedModel& packed, const SequenceData& data, float* outputs, int threads,
             KeepGoing keep_going, void* context);

}  // namespace skrnn
