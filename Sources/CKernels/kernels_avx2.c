// AVX2, FMA and F16C: 6 rows by 16 channels fill 12 of the 16 registers with sums.

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define CK_NAME avx2
#define CK_WIDTH 8
#define CK_FMA 1
#define CK_F16 1
#define CK_ROWS 6
#define CK_BROAD 1
#define CK_NARROW_ROWS 2
#define CK_WIDEST 2
#include "kernels_body.h"
#pragma clang attribute pop
#endif
