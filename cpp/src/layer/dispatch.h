// The kernels of the active instruction set.
#pragma once

#include "layer/kernel_table.h"

namespace skrnn {

const KernelTable& active_kernels();

}  // namespace skrnn
