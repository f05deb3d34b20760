// Dropout: units are set to zero at random while the network trains (Srivastava et al., JMLR 15,
// 2014). The choice of units is a function of the seed and of their position, and of nothing else.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "network/minibatch.h"

namespace skrnn {

// The values of a layer that are dropped. A mask's place in the network is 4 * layer + one of
// these.
enum class DropoutSite : std::uint32_t { kOutput = 0, kRecurrent = 1, kRecurrentReverse = 2 };

// Places in front of the first layer, as the layers of masks.
constexpr std::int64_t kInputVectors = -1, kInputTokens = -2;

// The masks of one epoch. They depend on the sample, not on its place in a minibatch, and on the
// step in the sequence, not on the cut that holds it.
struct Dropout {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  double rate = 0;                // between layers, and before the head
  double recurrent_rate = 0;      // of h_{t-1}, before the product with the recurrent weights
  double input_rate = 0;          // of the input of the first layer
  double word_rate = 0;           // of tokens, which become token 0
  std::int64_t steps_before = 0;  // of each sequence, before those of the data

  // Of the output of a layer, or of kInputVectors.
  double rate_of(std::int64_t layer) const { return layer == kInputVectors ? input_rate : rate; }

  // Writes the factors of `units` units: 0, or 1 / (1 - rate), so that prediction needs no scaling.
  // `step` is 0 if one mask serves all steps.
  void mask(double rate, std::int64_t layer, DropoutSite site, std::int64_t sample,
            std::int64_t step, std::int64_t units, float* mask) const;
};

// Dropout of the output of layer `layer`, or of kInputVectors, in one pass of a minibatch.
class DropoutPass {
 public:
  enum class Rows {
    kSteps,      // a row is a step of a sequence, and has a mask of its own
    kSequences,  // some rows for each sequence
  };
  // `each` is the number of rows of a sequence, with kSequences.
  DropoutPass(std::int64_t layer, Rows rows, std::int64_t columns, std::int64_t each = 1)
      : layer_(layer), rows_(rows), columns_(columns), each_(each) {}

  // x [rows, columns] times the masks, valid until the next call; x itself if nothing is dropped,
  // or if `dropout` is null.
  const float* forward(const Minibatch& batch, const Dropout* dropout, const float* x);
  // Turns the gradient by the result of the last forward into that by its x, in place.
  void backward(const Minibatch& batch, float* gradient) const;

 private:
  std::int64_t size_of(const Minibatch& batch) const {
    return (rows_ == Rows::kSteps ? batch.rows() : each_ * batch.size()) * columns_;
  }

  std::int64_t layer_;
  Rows rows_;
  std::int64_t columns_, each_;
  bool drops_ = false;       // true if the last forward dropped units
  Workspace<float> mask_;    // [rows, columns]
  Workspace<float> masked_;  // [rows, columns]
};

}  // namespace skrnn
