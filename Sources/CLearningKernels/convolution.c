// Convolutions over time as products of blocks of rows, 6 rows x 16 columns at a time in registers.
#include <string.h>

#include "learning_kernels.h"
#include "network_kernels.h"

#pragma clang fp contract(fast)

enum { panel_width = 16 };

typedef float lanes __attribute__((ext_vector_type(16), aligned(4)));

#define LK_INLINE static inline __attribute__((always_inline))
#define LK_LOAD(pointer) (*(const lanes *)(pointer))
#define LK_STORE(pointer, value) (*(lanes *)(pointer) = (value))

// Sums of products for `height` rows and one panel; height is a constant where this is inlined, so that `sum` is
// registers. Only `width` of the 16 columns exist.
LK_INLINE void convolve_tile(const int height, const lk_tap_pairs *pairs, size_t block, size_t rows, size_t depth,
                             size_t columns, size_t width, const float *input, const float *panel, const lanes *bias,
                             float *output) {
  lanes sum[6];
  for (int r = 0; r < height; r++) sum[r] = *bias;
  for (int32_t j = pairs->starts[block]; j < pairs->starts[block + 1]; j++) {
    const float *x = input + (size_t)pairs->sources[j] * rows * depth;
    const float *w = panel + (size_t)pairs->taps[j] * depth * panel_width;
    for (size_t k = 0; k < depth; k++, w += panel_width) {
      lanes weight = LK_LOAD(w);
#pragma clang loop unroll(full)
      for (int r = 0; r < height; r++) sum[r] += x[(size_t)r * depth + k] * weight;
    }
  }
  for (int r = 0; r < height; r++) {
    if (width == panel_width) {
      LK_STORE(output + (size_t)r * columns, sum[r]);
    } else {
      // By way of a copy: taking its address would drive the sums out of the registers.
      lanes value = sum[r];
      memcpy(output + (size_t)r * columns, &value, width * sizeof(float));
    }
  }
}

LK_CLONES void lk_convolve(const lk_tap_pairs *pairs, size_t taps, size_t rows, size_t depth, size_t columns,
                           const float *input, const float *panels, const float *bias, float *output) {
  for (size_t n = 0; n < columns; n += panel_width) {
    size_t width = n + panel_width <= columns ? panel_width : columns - n;
    const float *panel = panels + n * taps * depth;
    lanes b = 0.0f;
    if (bias) memcpy(&b, bias + n, width * sizeof(float));
    for (size_t block = 0; block < pairs->count; block++) {
      float *y = output + block * rows * columns + n;
      size_t r = 0;
      for (; r + 6 <= rows; r += 6)
        convolve_tile(6, pairs, block, rows, depth, columns, width, input + r * depth, panel, &b, y + r * columns);
      for (; r + 4 <= rows; r += 4)
        convolve_tile(4, pairs, block, rows, depth, columns, width, input + r * depth, panel, &b, y + r * columns);
      for (; r < rows; r++)
        convolve_tile(1, pairs, block, rows, depth, columns, width, input + r * depth, panel, &b, y + r * columns);
    }
  }
}

// Outer products for `height` outputs and 16 inputs of one tap, summed over all rows that meet in it.
LK_INLINE void outer_tile(const int height, const lk_tap_pairs *pairs, size_t tap, size_t rows, size_t outputs,
                          size_t inputs, const float *output_gradient, const float *input, float *gradient) {
  lanes sum[6];
  for (int o = 0; o < height; o++) sum[o] = 0.0f;
  for (int32_t j = pairs->starts[tap]; j < pairs->starts[tap + 1]; j++) {
    const float *g = output_gradient + (size_t)pairs->taps[j] * rows * outputs;
    const float *x = input + (size_t)pairs->sources[j] * rows * inputs;
    for (size_t r = 0; r < rows; r++, g += outputs, x += inputs) {
      lanes values = LK_LOAD(x);
#pragma clang loop unroll(full)
      for (int o = 0; o < height; o++) sum[o] += g[o] * values;
    }
  }
  for (int o = 0; o < height; o++) LK_STORE(gradient + (size_t)o * pairs->count * inputs, sum[o]);
}

LK_INLINE float outer_one(const lk_tap_pairs *pairs, size_t tap, size_t rows, size_t outputs, size_t inputs,
                          const float *output_gradient, const float *input) {
  float sum = 0.0f;
  for (int32_t j = pairs->starts[tap]; j < pairs->starts[tap + 1]; j++) {
    const float *g = output_gradient + (size_t)pairs->taps[j] * rows * outputs;
    const float *x = input + (size_t)pairs->sources[j] * rows * inputs;
    for (size_t r = 0; r < rows; r++) sum += g[r * outputs] * x[r * inputs];
  }
  return sum;
}

LK_CLONES void lk_convolution_weight_gradient(const lk_tap_pairs *pairs, size_t rows, size_t outputs, size_t inputs,
                                              const float *output_gradient, const float *input, float *gradient) {
  size_t taps = pairs->count;
  if (inputs < 16) {
    for (size_t o = 0; o < outputs; o++)
      for (size_t tap = 0; tap < taps; tap++)
        for (size_t i = 0; i < inputs; i++)
          gradient[(o * taps + tap) * inputs + i] =
              outer_one(pairs, tap, rows, outputs, inputs, output_gradient + o, input + i);
    return;
  }
  for (size_t tap = 0; tap < taps; tap++) {
    for (size_t column = 0; column < inputs; column += 16) {
      size_t n = column + 16 <= inputs ? column : inputs - 16;
      float *w = gradient + tap * inputs + n;
      size_t o = 0;
      for (; o + 6 <= outputs; o += 6)
        outer_tile(6, pairs, tap, rows, outputs, inputs, output_gradient + o, input + n, w + o * taps * inputs);
      for (; o + 4 <= outputs; o += 4)
        outer_tile(4, pairs, tap, rows, outputs, inputs, output_gradient + o, input + n, w + o * taps * inputs);
      for (; o < outputs; o++)
        outer_tile(1, pairs, tap, rows, outputs, inputs, output_gradient + o, input + n, w + o * taps * inputs);
    }
  }
}

typedef float octet __attribute__((ext_vector_type(8), aligned(4)));

// Turns a square of 8 x 8 in registers: rows exchange lanes with rows 1, 2 and 4 away.
LK_INLINE void turn_square(const float *input, size_t input_stride, float *output, size_t output_stride) {
  octet row[8];
  for (size_t r = 0; r < 8; r++) row[r] = *(const octet *)(input + r * input_stride);
#define LK_EXCHANGE(distance, low, high)                                  \
  for (int r = 0; r < 8; r++)                                             \
    if (!(r & distance)) {                                                \
      octet a = row[r], b = row[r + distance];                            \
      row[r] = __builtin_shufflevector(a, b, low);                        \
      row[r + distance] = __builtin_shufflevector(a, b, high);            \
    }
#define LK_LANES(...) __VA_ARGS__
#pragma clang loop unroll(full)
  LK_EXCHANGE(1, LK_LANES(0, 8, 2, 10, 4, 12, 6, 14), LK_LANES(1, 9, 3, 11, 5, 13, 7, 15))
#pragma clang loop unroll(full)
  LK_EXCHANGE(2, LK_LANES(0, 1, 8, 9, 4, 5, 12, 13), LK_LANES(2, 3, 10, 11, 6, 7, 14, 15))
#pragma clang loop unroll(full)
  LK_EXCHANGE(4, LK_LANES(0, 1, 2, 3, 8, 9, 10, 11), LK_LANES(4, 5, 6, 7, 12, 13, 14, 15))
#undef LK_LANES
#undef LK_EXCHANGE
  for (size_t r = 0; r < 8; r++) *(octet *)(output + r * output_stride) = row[r];
}

LK_CLONES void lk_pack_panels(size_t outputs, size_t taps, size_t inputs, const float *weights, float *forward,
                              float *backward) {
  size_t depth = taps * inputs, whole_outputs = outputs / 8 * 8, whole_depth = depth / 8 * 8;
  for (size_t o = 0; o < outputs; o++) {
    const float *row = weights + o * depth;
    float *column = forward + o / panel_width * panel_width * depth + o % panel_width;
    if (o % 8 == 0 && o < whole_outputs)
      for (size_t k = 0; k < whole_depth; k += 8) turn_square(row + k, depth, column + k * panel_width, panel_width);
    for (size_t k = o < whole_outputs ? whole_depth : 0; k < depth; k++) column[k * panel_width] = row[k];

    for (size_t n = 0; n < inputs; n += panel_width) {
      size_t width = n + panel_width <= inputs ? panel_width : inputs - n;
      for (size_t tap = 0; tap < taps; tap++) {
        float *target = backward + (n * taps + tap * panel_width) * outputs + o * panel_width;
        const float *source = row + tap * inputs + n;
        if (width == panel_width)
          LK_STORE(target, LK_LOAD(source));
        else
          memcpy(target, source, width * sizeof(float));
      }
    }
  }
}
