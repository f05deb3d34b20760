#if !defined(__AVX2__) || (!defined(__FMA__) && !defined(_MSC_VER))
#error "This unit must be compiled for AVX2 and FMA."
#endif

#define SKRNN_ISA avx2
#define Eigen EigenAvx2
#include "isa/kernels.h"

namespace skrnn {
extern const KernelTable kAvx2Kernels;
const KernelTable kAvx2Kernels = avx2::make_table("avx2");
}  // namespace skrnn
