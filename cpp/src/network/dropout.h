// Dropout: units are set to zero at random while the network trains (Srivastava et al., JMLR 15,
// 2014). Which ones is a function of where they stand, and of nothing else.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "network/minibatch.h"

namespace skrnn {

// What of a layer is dropped. A mask's place in the network is 4 * layer + one of these.
enum class DropoutSite : std::uint32_t { kOutput = 0, kRecurrent = 1, kRecurrentReverse = 2 };

// The masks of one epoch. They depend on the sample, not on its place in a minibatch, and on the
// step in the sequence, not in a cut of it.
struct Dropout {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  double rate = 0;            // between layers, and before the head
  double recurrent_rate = 0;  // of h_{t-1} where it is multiplied by the recurrent weights

  // What `units` units are multiplied by: 0, or 1 / (1 - rate), so that prediction needs no
  // scaling. `step` is 0 where one mask serves all steps.
  void mask(double rate, std::int64_t layer, DropoutSite site, std::int64_t sample,
            std::int64_t step, std::int64_t units, float* mask) const;
};

// Dropout of what layer `layer` passes on, in one pass of a minibatch.
class DropoutPass {
 public:
  enum class Rows {
    kSteps,      // a row is a step of a sequence, and has a mask of its own
    kSequences,  // a row is a sequence
  };
  DropoutPass(std::int64_t layer, Rows rows, std::int64_t columns)
      : layer_(layer), rows_(rows), columns_(columns) {}

  // x [rows, columns] times the masks, valid until the next call; x itself where nothing is
  // dropped, or where `dropout` is null.
  const float* forward(const Minibatch& batch, const Dropout* dropout, const float* x);
  // Turns the gradient of what the last forward returned into that of its x, in place.
  void backward(const Minibatch& batch, float* gradient) const;

 private:
  std::int64_t size_of(const Minibatch& batch) const {
    return (rows_ == Rows::kSteps ? batch.rows() : batch.size()) * columns_;
  }

  std::int64_t layer_;
  Rows rows_;
  std::int64_t columns_;
  bool drops_ = false;       // whether the last forward did
  Workspace<float> mask_;    // [rows, columns]
  Workspace<float> masked_;  // [rows, columns]
};

}  // namespace skrnn
