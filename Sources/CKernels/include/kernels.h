// The innermost loops of the planner: one table of functions an instruction set, chosen once at start.
//
// Activations are fp32 rows, channel contiguous; weights are fp16, packed in panels of CK_PANEL output channels and
// widened on the fly; sums are fp32. None of the functions allocates, locks, or calls the system.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "elementary.h"

/// Output channels in a panel of packed weights.
#define CK_PANEL 16

/// The most channels that a norm takes.
#define CK_CHANNELS_MAX 1024

/// A batch of sequences of rows: row `t` of sequence `b` begins at `base + b * batch_stride + t * time_stride`.
typedef struct {
  float *base;
  size_t time_stride;   // floats
  size_t batch_stride;  // floats
} ck_rows;

/// What is known to be zero in rows of a product's input that overlap a sequence's padding: the first `before` floats
/// of the first row and the last `after` of the last. From row to row inwards there are `time_stride` fewer. Together
/// at most as many as a row has.
typedef struct {
  size_t before, after;
} ck_zeros;

/// Bytes of a packed weight matrix of `columns` outputs and `depth` inputs.
static inline size_t ck_packed_bytes(size_t columns, size_t depth) {
  return (columns + CK_PANEL - 1) / CK_PANEL * CK_PANEL * depth * sizeof(uint16_t);
}

/// Packs fp16 `weights` [columns][depth] (row stride `stride`) into `packed`: [panel][depth][CK_PANEL], zero-filled.
void ck_pack(const uint16_t *weights, size_t columns, size_t depth, size_t stride, uint16_t *packed);

typedef struct ck_kernels {
  const char *name;

  /// output[b][t][c] = bias[c] + Σ_k input[b][t][k] · W[c][k] for t < times, b < batch, c < columns.
  /// Rows of the input may overlap (a convolution is a product over rows that are wider than their distance). What
  /// `zeros` says to be zero need not be multiplied; no bit of the output depends on whether it is.
  void (*product)(ck_rows input, ck_zeros zeros, ck_rows output, size_t batch, size_t times, size_t depth,
                  size_t columns, const uint16_t *packed, const float *bias);

  /// In place: x = Mish(scale[c] · (x − μ) / √(σ² + ε) + shift[c]) + add[c] + residual, where μ and σ² are taken over
  /// `times` and the channels of a group (Wu and He, 2018; Misra, 2019). `add` and `residual.base` may be NULL.
  /// At most CK_CHANNELS_MAX channels.
  void (*group_norm_mish)(ck_rows x, size_t batch, size_t times, size_t channels, size_t groups, const float *scale,
                          const float *shift, const float *add, ck_rows residual);

  /// output = x · sigmoid(x), and, where `slope` is not NULL, slope = d output / d x. May work in place.
  void (*silu)(const float *x, float *output, float *slope, size_t count);

  /// output = x · factor, entry by entry. May work in place.
  void (*multiply)(const float *x, const float *factor, float *output, size_t count);

  /// In place: x = Mish(x).
  void (*mish)(float *x, size_t count);

  /// `rounds` rounds of multiply-adds on registers alone, as fast as the processor can: the peak that the others are
  /// measured against. Returns how many floating-point operations they were.
  double (*peak)(size_t rounds);
} ck_kernels;

/// The best table for this processor, or the one called `name` ("avx512", "avx2", "neon", "portable") if given.
/// NULL if there is none of that name here, or the processor or the system cannot run it.
const ck_kernels *ck_kernels_select(const char *name);

/// The names of the tables that this processor can run, best first: NULL from the last one on.
const char *ck_kernels_name(size_t index);

// Swift cannot see through a function pointer; these wrappers carry the promise.

CK_REALTIME static inline void ck_product(const ck_kernels *k, ck_rows input, ck_zeros zeros, ck_rows output,
                                          size_t batch, size_t times, size_t depth, size_t columns,
                                          const uint16_t *packed, const float *bias) {
  k->product(input, zeros, output, batch, times, depth, columns, packed, bias);
}

CK_REALTIME static inline void ck_group_norm_mish(const ck_kernels *k, ck_rows x, size_t batch, size_t times,
                                                  size_t channels, size_t groups, const float *scale,
                                                  const float *shift, const float *add, ck_rows residual) {
  k->group_norm_mish(x, batch, times, channels, groups, scale, shift, add, residual);
}

CK_REALTIME static inline void ck_silu(const ck_kernels *k, const float *x, float *output, float *slope,
                                       size_t count) {
  k->silu(x, output, slope, count);
}

CK_REALTIME static inline void ck_mish(const ck_kernels *k, float *x, size_t count) { k->mish(x, count); }

CK_REALTIME static inline void ck_multiply(const ck_kernels *k, const float *x, const float *factor, float *output,
                                           size_t count) {
  k->multiply(x, factor, output, count);
}
