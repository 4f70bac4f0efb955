// Which table of kernels this processor gets, and the packing of weights that all tables share.

#include <string.h>

#include "include/kernels.h"

extern const ck_kernels ck_kernels_portable;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2;
#endif

static int supported(const ck_kernels *kernels) {
#if defined(__x86_64__)
  if (kernels == &ck_kernels_avx2) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  }
#endif
  return kernels == &ck_kernels_portable;
}

const ck_kernels *ck_kernels_select(const char *name) {
  // Best first.
  static const ck_kernels *const tables[] = {
#if defined(__x86_64__)
      &ck_kernels_avx2,
#endif
      &ck_kernels_portable,
  };
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    if ((!name || strcmp(name, tables[i]->name) == 0) && supported(tables[i])) return tables[i];
  }
  return NULL;
}

void ck_pack(const uint16_t *weights, size_t columns, size_t depth, size_t stride, uint16_t *packed) {
  for (size_t first = 0; first < columns; first += CK_PANEL) {
    for (size_t k = 0; k < depth; k++) {
      for (size_t c = 0; c < CK_PANEL; c++) {
        const size_t column = first + c;
        *packed++ = column < columns ? weights[column * stride + k] : 0;
      }
    }
  }
}
