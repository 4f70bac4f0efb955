// The kernels, written once with vector types. Each instruction set includes this file after it has defined
//   CK_NAME    the table's name, an identifier
//   CK_WIDTH   floats in a vector
//   CK_ROWS    rows of the product's register tile
//   CK_FMA     1 where the instruction set has a fused multiply-add
//   CK_F16     1 where it converts half precision by itself

#include <string.h>

#include "include/kernels.h"

#define CK_JOIN_(a, b) a##_##b
#define CK_JOIN(a, b) CK_JOIN_(a, b)
#define CK_FUNCTION(name) CK_JOIN(name, CK_NAME)
#define CK_STRING_(a) #a
#define CK_STRING(a) CK_STRING_(a)
#define CK_INLINE static inline __attribute__((always_inline))
#define CK_VECTORS (CK_PANEL / CK_WIDTH)

typedef float vector __attribute__((vector_size(CK_WIDTH * sizeof(float)), aligned(4)));
typedef int32_t integers __attribute__((vector_size(CK_WIDTH * sizeof(int32_t)), aligned(4)));

CK_INLINE vector load(const float *p) { return *(const vector *)p; }
CK_INLINE void store(float *p, vector v) { *(vector *)p = v; }
CK_INLINE vector splat(float x) { return x - (vector){0}; }

CK_INLINE vector multiply_add(vector a, vector b, vector c) {
#if CK_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// CK_WIDTH fp16 weights as fp32. They are finite: the model file was checked.
CK_INLINE vector widen(const uint16_t *p) {
#if CK_F16
  typedef _Float16 halves __attribute__((vector_size(CK_WIDTH * sizeof(_Float16)), aligned(2)));
  return __builtin_convertvector(*(const halves *)p, vector);
#else
  // Shift exponent and fraction into place, then scale by 2^112: exact for subnormal numbers too.
  typedef uint16_t shorts __attribute__((vector_size(CK_WIDTH * sizeof(uint16_t)), aligned(2)));
  integers bits = __builtin_convertvector(*(const shorts *)p, integers);
  vector magnitude = (vector)((bits & 0x7FFF) << 13) * splat(0x1p112f);
  return (vector)((integers)magnitude | ((bits & 0x8000) << 16));
#endif
}

CK_INLINE vector smaller(vector a, vector b) {
  integers mask = a < b;
  return (vector)(((integers)a & mask) | ((integers)b & ~mask));
}

CK_INLINE vector larger(vector a, vector b) {
  integers mask = a > b;
  return (vector)(((integers)a & mask) | ((integers)b & ~mask));
}

// MARK: product

/// One register tile: `rows` rows (a constant after inlining) by one panel.
CK_INLINE void tile(const int rows, const float *const *input, float *const *output, size_t depth,
                    const uint16_t *panel, const float *bias, size_t columns) {
  vector sum[CK_ROWS][CK_VECTORS];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < CK_VECTORS; v++) sum[r][v] = (vector){0};
  for (size_t k = 0; k < depth; k++) {
    vector weight[CK_VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < CK_VECTORS; v++) weight[v] = widen(panel + k * CK_PANEL + v * CK_WIDTH);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      vector x = splat(input[r][k]);
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_VECTORS; v++) sum[r][v] = multiply_add(x, weight[v], sum[r][v]);
    }
  }
  if (columns >= CK_PANEL) {
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_VECTORS; v++)
        store(output[r] + v * CK_WIDTH, sum[r][v] + load(bias + v * CK_WIDTH));
  } else {
    for (int r = 0; r < rows; r++) {
      float row[CK_PANEL];
#pragma clang loop unroll(full)
      for (int v = 0; v < CK_VECTORS; v++) store(row + v * CK_WIDTH, sum[r][v]);
      for (size_t c = 0; c < columns; c++) output[r][c] = row[c] + bias[c];
    }
  }
}

static void CK_FUNCTION(product)(ck_rows input, ck_rows output, size_t batch, size_t times, size_t depth,
                                 size_t columns, const uint16_t *packed, const float *bias) {
  const size_t count = batch * times;
  for (size_t first = 0; first < columns; first += CK_PANEL) {
    const uint16_t *panel = packed + first * depth;
    const size_t width = columns - first;
    size_t b = 0, t = 0;
    for (size_t row = 0; row < count;) {
      // Spread what is left evenly: a last tile of one row would waste most of the multipliers.
      size_t left = count - row;
      size_t rows = left >= 2 * CK_ROWS ? CK_ROWS : left > CK_ROWS ? (left + 1) / 2 : left;
      const float *from[CK_ROWS];
      float *to[CK_ROWS];
      for (size_t r = 0; r < rows; r++) {
        from[r] = input.base + b * input.batch_stride + t * input.time_stride;
        to[r] = output.base + b * output.batch_stride + t * output.time_stride + first;
        if (++t == times) {
          t = 0;
          b++;
        }
      }
      switch (rows) {
#define CK_TILE(n) \
  case n: tile(n, from, to, depth, panel, bias + first, width); break;
        CK_TILE(1) CK_TILE(2) CK_TILE(3) CK_TILE(4)
#if CK_ROWS >= 6
        CK_TILE(5) CK_TILE(6)
#endif
#if CK_ROWS >= 12
        CK_TILE(7) CK_TILE(8) CK_TILE(9) CK_TILE(10) CK_TILE(11) CK_TILE(12)
#endif
#undef CK_TILE
      }
      row += rows;
    }
  }
}

// MARK: elementwise

/// e^x to about 2 units in the last place for |x| ≤ 87, clamped beyond (range reduction to ±ln 2 / 2, then a Taylor
/// polynomial of degree 7, whose remainder there is below 1e-8).
CK_INLINE vector exponential(vector x) {
  x = smaller(larger(x, splat(-87.0f)), splat(87.0f));
  // Adding 1.5 · 2^23 rounds to the nearest whole number, which then sits in the low bits.
  const vector magic = splat(0x1.8p23f);
  vector shifted = multiply_add(x, splat(1.44269504f), magic);
  vector n = shifted - magic;
  vector r = multiply_add(n, splat(-0.693359375f), x);
  r = multiply_add(n, splat(2.12194440e-4f), r);
  vector p = splat(1.0f / 5040);
  p = multiply_add(p, r, splat(1.0f / 720));
  p = multiply_add(p, r, splat(1.0f / 120));
  p = multiply_add(p, r, splat(1.0f / 24));
  p = multiply_add(p, r, splat(1.0f / 6));
  p = multiply_add(p, r, splat(0.5f));
  p = multiply_add(p, r, splat(1.0f));
  p = multiply_add(p, r, splat(1.0f));
  integers exponent = ((integers)shifted - (integers)magic + 127) << 23;
  return p * (vector)exponent;
}

/// Mish(x) = x tanh(ln(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2).
CK_INLINE vector mish_of(vector x) {
  vector e = exponential(smaller(x, splat(20.0f)));  // beyond, Mish(x) = x in fp32
  vector n = e * (e + splat(2.0f));
  return x * n / (n + splat(2.0f));
}

/// One row of the last step of group_norm_mish, `count` channels.
CK_INLINE void normalise_row(float *x, const float *factor, const float *offset, const float *add,
                             const float *residual, size_t count) {
  size_t c = 0;
  for (; c + CK_WIDTH <= count; c += CK_WIDTH) {
    vector y = mish_of(multiply_add(load(x + c), load(factor + c), load(offset + c)));
    if (add) y += load(add + c);
    if (residual) y += load(residual + c);
    store(x + c, y);
  }
  if (c < count) {
    float lane[4][CK_WIDTH] = {{0}};
    size_t rest = (count - c) * sizeof(float);
    memcpy(lane[0], x + c, rest);
    memcpy(lane[1], factor + c, rest);
    memcpy(lane[2], offset + c, rest);
    vector y = mish_of(multiply_add(load(lane[0]), load(lane[1]), load(lane[2])));
    if (add) {
      memcpy(lane[3], add + c, rest);
      y += load(lane[3]);
    }
    if (residual) {
      memcpy(lane[3], residual + c, rest);
      y += load(lane[3]);
    }
    store(lane[0], y);
    memcpy(x + c, lane[0], rest);
  }
}

static void CK_FUNCTION(group_norm_mish)(ck_rows x, size_t batch, size_t times, size_t channels, size_t groups,
                                         const float *scale, const float *shift, const float *add, ck_rows residual,
                                         float *scratch) {
  const float epsilon = 1e-5f;
  const size_t size = channels / groups;
  const float share = 1.0f / (float)(times * size);
  float *factor = scratch, *offset = scratch + channels;
  for (size_t b = 0; b < batch; b++) {
    float *base = x.base + b * x.batch_stride;
    // Sums over time first, a channel each, so that the loop is vertical; then over the channels of each group.
    memset(scratch, 0, 2 * channels * sizeof(float));
    for (size_t t = 0; t < times; t++) {
      const float *row = base + t * x.time_stride;
      for (size_t c = 0; c < channels; c++) factor[c] += row[c];
    }
    for (size_t g = 0; g < groups; g++) {
      float sum = 0;
      for (size_t c = g * size; c < (g + 1) * size; c++) sum += factor[c];
      for (size_t c = g * size; c < (g + 1) * size; c++) factor[c] = sum * share;
    }
    for (size_t t = 0; t < times; t++) {
      const float *row = base + t * x.time_stride;
      for (size_t c = 0; c < channels; c++) {
        float distance = row[c] - factor[c];
        offset[c] += distance * distance;
      }
    }
    for (size_t g = 0; g < groups; g++) {
      float sum = 0;
      for (size_t c = g * size; c < (g + 1) * size; c++) sum += offset[c];
      const float inverse = 1.0f / ck_sqrt(sum * share + epsilon);
      for (size_t c = g * size; c < (g + 1) * size; c++) {
        const float mean = factor[c];
        factor[c] = scale[c] * inverse;
        offset[c] = shift[c] - mean * factor[c];
      }
    }
    for (size_t t = 0; t < times; t++) {
      normalise_row(base + t * x.time_stride, factor, offset, add,
                    residual.base ? residual.base + b * residual.batch_stride + t * residual.time_stride : NULL,
                    channels);
    }
  }
}

CK_INLINE void silu_of(vector x, vector *y, vector *slope) {
  vector sigmoid = splat(1.0f) / (splat(1.0f) + exponential(-x));
  *y = x * sigmoid;
  *slope = sigmoid + *y * (splat(1.0f) - sigmoid);
}

static void CK_FUNCTION(silu)(const float *x, float *output, float *slope, size_t count) {
  size_t i = 0;
  vector y, d;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) {
    silu_of(load(x + i), &y, &d);
    store(output + i, y);
    if (slope) store(slope + i, d);
  }
  if (i < count) {
    float lane[CK_WIDTH] = {0};
    const size_t rest = (count - i) * sizeof(float);
    memcpy(lane, x + i, rest);
    silu_of(load(lane), &y, &d);
    memcpy(output + i, &y, rest);
    if (slope) memcpy(slope + i, &d, rest);
  }
}

static void CK_FUNCTION(mish)(float *x, size_t count) {
  size_t i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) store(x + i, mish_of(load(x + i)));
  if (i < count) {
    float lane[CK_WIDTH] = {0};
    const size_t rest = (count - i) * sizeof(float);
    memcpy(lane, x + i, rest);
    store(lane, mish_of(load(lane)));
    memcpy(x + i, lane, rest);
  }
}

const ck_kernels CK_FUNCTION(ck_kernels) = {
    .name = CK_STRING(CK_NAME),
    .product = CK_FUNCTION(product),
    .group_norm_mish = CK_FUNCTION(group_norm_mish),
    .silu = CK_FUNCTION(silu),
    .mish = CK_FUNCTION(mish),
};
