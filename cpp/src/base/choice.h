// Lookup by a name that a user gives.
#pragma once

#include <stdexcept>
#include <string>

namespace skrnn {

// The item in [begin, end) whose `name` member is `name`. Throws std::invalid_argument with all
// known names if there is none; `what` is the noun for the message, as in "loss".
template <class Iterator>
auto& choose(Iterator begin, Iterator end, const std::string& name, const char* what) {
  std::string known;
  for (Iterator item = begin; item != end; ++item) {
    if (name == item->name) return *item;
    known += (known.empty() ? "" : ", ") + std::string(item->name);
  }
  throw std::invalid_argument("unknown " + std::string(what) + " '" + name +
                              "'; choose one of: " + known);
}

}  // namespace skrnn
