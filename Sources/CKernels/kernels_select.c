// Which table of kernels this processor gets, and the packing of weights that all tables share.

#include <string.h>

#include "include/kernels.h"

extern const ck_kernels ck_kernels_portable;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2, ck_kernels_avx512;
#elif defined(__aarch64__)
extern const ck_kernels ck_kernels_neon;
#endif

static int can_run(const ck_kernels *kernels) {
#if defined(__x86_64__)
  // Asking the processor includes asking whether the system saves its wide registers.
  const int half_and_fma = __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (kernels == &ck_kernels_avx2) return half_and_fma && __builtin_cpu_supports("avx2");
  if (kernels == &ck_kernels_avx512) {
    return half_and_fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
  }
#endif
  return 1;
}

/// The `index`-th of the tables that this processor can run, best first.
static const ck_kernels *table(size_t index) {
  static const ck_kernels *const tables[] = {
#if defined(__x86_64__)
      &ck_kernels_avx512,
      &ck_kernels_avx2,
#elif defined(__aarch64__)
      &ck_kernels_neon,
#endif
      &ck_kernels_portable,
  };
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    if (can_run(tables[i]) && index-- == 0) return tables[i];
  }
  return NULL;
}

const char *ck_kernels_name(size_t index) {
  const ck_kernels *kernels = table(index);
  return kernels ? kernels->name : NULL;
}

const ck_kernels *ck_kernels_select(const char *name) {
  const ck_kernels *kernels = table(0);
  for (size_t i = 0; name && kernels && strcmp(name, kernels->name) != 0; i++) kernels = table(i + 1);
  return kernels;
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
