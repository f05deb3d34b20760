// The instruction set that every CPU of this architecture has: SSE2 on x86-64.
#define SKRNN_ISA baseline
#define Eigen EigenBaseline
#include "isa/kernels.h"

namespace skrnn {
extern const KernelTable kBaselineKernels;
const KernelTable kBaselineKernels = baseline::make_table("baseline");
}  // namespace skrnn
