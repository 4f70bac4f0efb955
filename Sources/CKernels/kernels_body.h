// The kernels, written once with vector types. Each instruction set includes this file after it has defined
//   CK_NAME    the table's name, an identifier
//   CK_WIDTH   floats in a vector
//   CK_FMA     1 where the instruction set has a fused multiply-add
//   CK_F16     1 where it converts half precision by itself
// and the shape of the product's register tiles:
//   CK_ROWS         rows of a tile
//   CK_BROAD        panels of a tile
//   CK_NARROW_ROWS  where a product has no more rows than this,
//   CK_WIDEST       panels of a tile instead (1, 2 or 4), so that enough sums are under way at once

#include <stdint.h>
#include <string.h>

#include "include/kernels.h"

#define CK_JOIN_(a, b) a##_##b
#define CK_JOIN(a, b) CK_JOIN_(a, b)
#define CK_FUNCTION(name) CK_JOIN(name, CK_NAME)
#define CK_STRING_(a) #a
#define CK_STRING(a) CK_STRING_(a)

#include "vectors.h"

#include "product.h"

#include "elementwise.h"

const ck_kernels CK_FUNCTION(ck_kernels) = {
    .name = CK_STRING(CK_NAME),
    .product = CK_FUNCTION(product),
    .group_norm_mish = CK_FUNCTION(group_norm_mish),
    .silu = CK_FUNCTION(silu),
    .multiply = CK_FUNCTION(multiply),
    .mish = CK_FUNCTION(mish),
    .peak = CK_FUNCTION(peak),
};
