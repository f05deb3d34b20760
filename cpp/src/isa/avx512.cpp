#if !defined(__AVX512F__) || !defined(__AVX512DQ__)
#error "This unit must be compiled for AVX-512 (F, BW, DQ and VL)."
#endif

#define SKRNN_ISA avx512
#define Eigen EigenAvx512
#include "isa/kernels.h"

namespace skrnn {
extern const KernelTable kAvx512Kernels;
const KernelTable kAvx512Kernels = avx512::make_table("avx512");
}  // namespace skrnn
