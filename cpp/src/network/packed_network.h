// A network whose parameters are in the form that the kernels read.
#pragma once

#include "network/network_parts.h"
#include "skrnn/network.h"

namespace skrnn {

// Any number of threads may use one, except while it is loaded.
class PackedNetwork {
 public:
  // Without `trains`, no packed transposes are kept.
  PackedNetwork(const NetworkLayout& layout, bool trains);

  // Packs the parameters. Those that are not packed are read in place: `parameters`, the arena of
  // the layout, must stay valid.
  void load(const float* parameters) { parts_.load(parameters, trains_); }

  const NetworkLayout& layout() const { return layout_; }
  bool trains() const { return trains_; }
  const NetworkParts& parts() const { return parts_; }

 private:
  NetworkLayout layout_;
  bool trains_;
  NetworkParts parts_;
};

}  // namespace skrnn
