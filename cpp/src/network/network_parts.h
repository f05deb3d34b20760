// The sequence network's parts.
#pragma once

#include <optional>

#include "network/dense.h"
#include "network/embedding.h"
#include "network/horizon.h"
#include "network/parameter_list.h"
#include "network/pooling.h"
#include "network/projection.h"
#include "network/spelling.h"
#include "network/stack.h"
#include "network/transitions.h"
#include "skrnn/network.h"

namespace skrnn {

// Most parts are two classes. Embedding, Spelling, Projection, Stack, Horizon, Pooler, Dense and
// Transitions declare their parameters and hold them in the form that the kernels read; any number
// of threads may use one, except while it is loaded. EmbeddingPass and the others of that name take
// one minibatch through their part, forward and backward, and so do SideChannelsPass and
// DropoutPass, which have no parameters. Transitions compute nothing, and need no pass.
struct NetworkParts {
  // Parameters get their places in the order of the members.
  NetworkParts(const NetworkSettings& settings, ParameterList& parameters);

  void load(const float* parameters, bool trains);

  std::optional<Embedding> embedding;    // none if the input is channels
  std::optional<Spelling> spelling;      // none if the letters of words are not read
  std::optional<Projection> projection;  // none if channels are read as they are
  Stack stack;
  std::optional<Horizon> horizon;  // none without steps to come
  std::optional<Dense> future;     // none without covariates of steps to come
  Pooler pooler;
  Dense head;
  std::optional<Transitions> transitions;
};

}  // namespace skrnn
