// A network whose parameters are in the form that the kernels read.
#pragma once

#include "network/network_parts.h"
#include "skrnn/network.h"

namespace skrnn {

// Any number of threads may use one, except while it is loaded.
class PackedNetwork {
 public:
  // One that only predicts keeps no packed transposes.
  PackedNetwork(const NetworkLayout& layout, bool trains);

  // Packs the parameters. Those that are not packed are read where they are: `parameters`, the
  // arena of the layout, has to stay.
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
