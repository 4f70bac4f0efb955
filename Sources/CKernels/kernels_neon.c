// NEON of AArch64: 6 rows by 16 channels fill 24 of the 32 registers with sums. Weights are stored in half precision,
// sums are kept in single precision: half precision sums would leave the bounds that the tests state.

#if defined(__aarch64__)
#define CK_NAME neon
#define CK_WIDTH 4
#define CK_FMA 1
#define CK_F16 1
#define CK_ROWS 6
#define CK_BROAD 1
#define CK_NARROW_ROWS 2
#define CK_WIDEST 2
#include "kernels_body.h"
#endif
