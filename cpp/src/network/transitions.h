// The transition scores of a linear-chain CRF (Lafferty, McCallum & Pereira, ICML 2001): parameters
// of the network that no row of outputs holds.
//
// An objective is a function of outputs alone, so the scores are outputs, too: they stand behind
// the rows of the head, as decoding/transition_scores.h reads them.
#pragma once

#include <string>

#include "network/parameter_list.h"

namespace skrnn {

// The parameters <name>.transitions [K, K] (from, to), <name>.start [K] and <name>.end [K].
class Transitions {
 public:
  Transitions(ParameterList& parameters, const std::string& name, std::int64_t labels);

  // They are read in place: `parameters` must stay valid.
  void load(const float* parameters) { scores_ = parameters + offset_; }

  std::int64_t size() const { return size_; }  // floats in all three
  // Copies the scores to the end of the outputs, and the end of their gradient to its place in the
  // arena.
  void append(float* outputs_end) const;
  void backward(const float* doutputs_end, float* gradient) const;

 private:
  std::int64_t size_;
  std::int64_t offset_;  // in the arena of parameters, where the three follow one another
  const float* scores_ = nullptr;
};

}  // namespace skrnn
