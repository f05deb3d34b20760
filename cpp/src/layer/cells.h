// The kernels of a cell, found by its name.
#pragma once

#include <string>

#include "layer/kernel_table.h"

namespace skrnn {

// Throws std::invalid_argument for an unknown name, listing the known ones.
const CellKernels& find_cell(const KernelTable& table, const std::string& name);

}  // namespace skrnn
