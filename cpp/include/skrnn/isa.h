// Choice of the instruction set that the kernels run on.
//
// The kernels are compiled once for each instruction set and one set is picked when the library is
// first used: the best this CPU supports, or the one that SKRNN_ISA names.
#pragma once

#include <string>
#include <vector>

namespace skrnn {

// Best first: every set compiled into this binary, and those of them that this CPU can run.
std::vector<std::string> compiled_isas();
std::vector<std::string> available_isas();

// The set that layers made from now on will use.
std::string active_isa();

// Layers made from now on use `name`; those that exist keep theirs. Throws std::invalid_argument,
// listing the choices, where `name` is unknown or this CPU cannot run it.
void select_isa(const std::string& name);

// float32 lanes in one register of the active set.
int isa_lanes();

}  // namespace skrnn
