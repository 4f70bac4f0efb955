// AVX-512: 8 rows by 32 channels, or 4 by 64, fill 16 of the 32 registers with sums. Multiplies by a broadcast from
// memory.

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,fma,f16c"))), apply_to = function)
#define CK_NAME avx512
#define CK_WIDTH 16
#define CK_FMA 1
#define CK_F16 1
#define CK_ROWS 8
#define CK_BROAD 2
#define CK_NARROW_ROWS 4
#define CK_WIDEST 4
#include "kernels_body.h"
#pragma clang attribute pop
#endif
