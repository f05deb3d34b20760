// The sequence network's parts.
#pragma once

#include <optional>

#include "network/dense.h"
#include "network/embedding.h"
#include "network/parameter_list.h"
#include "network/pooling.h"
#include "network/stack.h"
#include "skrnn/network.h"

namespace skrnn {

// A part is two classes. Embedding, Stack, Pooler and Dense say which parameters they have, and
// hold them in the form that the kernels read; any number of threads may use one, except while it
// is loaded. An EmbeddingPass and so on takes one minibatch through its part, forward and backward.
struct NetworkParts {
  // Parameters get their places in the order of the members.
  NetworkParts(const NetworkSettings& settings, ParameterList& parameters);

  void load(const float* parameters, bool trains);

  std::optional<Embedding> embedding;  // none where the input is channels
  Stack stack;
  Pooler pooler;
  Dense head;
};

}  // namespace skrnn
