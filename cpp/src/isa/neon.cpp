#if !defined(__aarch64__) && !defined(_M_ARM64)
#error "This unit must be compiled for 64-bit Arm."
#endif

#define SKRNN_ISA neon
#define Eigen EigenNeon
#include "isa/kernels.h"

namespace skrnn {
extern const KernelTable kNeonKernels;
const KernelTable kNeonKernels = neon::make_table("neon");
}  // namespace skrnn
