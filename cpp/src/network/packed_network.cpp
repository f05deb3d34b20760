#include "network/packed_network.h"

namespace skrnn {
namespace {

// The layout has the same list, made in the same way.
NetworkParts parts_of(const NetworkLayout& layout) {
  ParameterList parameters;
  return NetworkParts(layout.settings(), parameters);
}

}  // namespace

PackedNetwork::PackedNetwork(const NetworkLayout& layout, bool trains)
    : layout_(layout), trains_(trains), parts_(parts_of(layout)) {}

}  // namespace skrnn
