#include "network/packed_network.h"

namespace skrnn {
namespace {

// The parts of a network. Their parameters get the places that they have in the layout, which is
// made from the same list.
NetworkParts parts_of(const NetworkLayout& layout) {
  ParameterList parameters;
  return NetworkParts(layout.settings(), parameters);
}

}  // namespace

PackedNetwork::PackedNetwork(const NetworkLayout& layout, bool trains)
    : layout_(layout), trains_(trains), parts_(parts_of(layout)) {}

}  // namespace skrnn
