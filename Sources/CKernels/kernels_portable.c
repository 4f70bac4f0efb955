// Plain vectors of four, no instruction beyond the target's baseline: runs everywhere, and is what the others are
// checked against.

#define CK_NAME portable
#define CK_WIDTH 4
#define CK_ROWS 2
#define CK_BROAD 1
#define CK_NARROW_ROWS 1
#define CK_WIDEST 1
#define CK_FMA 0
#define CK_F16 0
#include "kernels_body.h"
