// Random shapes for every function of a table, computed twice: by the table, and from the definition in double
// precision.

#include "include/kernel_agreement.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Written over all memory that no output may touch.
static const float untouched = -777.0f;
static const ck_zeros no_zeros = {0, 0};

typedef struct {
  const ck_kernels *kernels;
  uint64_t random;
  char *report;
  size_t size;
} comparison;

/// A whole number in `lowest` … `highest` (Knuth's linear congruential generator; its high bits are good enough here).
static size_t between(comparison *c, size_t lowest, size_t highest) {
  c->random = c->random * 6364136223846793005u + 1442695040888963407u;
  return lowest + (size_t)((c->random >> 33) % (highest - lowest + 1));
}

static float *numbers(comparison *c, size_t count, float scale) {
  float *x = malloc(count * sizeof(float));
  for (size_t i = 0; i < count; i++) x[i] = scale * ((float)between(c, 0, 1 << 20) / (1 << 19) - 1);
  return x;
}

static float *copy_of(const float *x, size_t count) {
  float *y = malloc(count * sizeof(float));
  memcpy(y, x, count * sizeof(float));
  return y;
}

/// 1, and the report, if `found` is not `expected` within `bound`. A NaN never is.
static int differs(comparison *c, const char *what, float found, double expected, double bound) {
  if (fabs((double)found - expected) <= bound) return 0;
  snprintf(c->report, c->size, "%s of %s gives %.9g, expected %.9g, bound %.3g", what, c->kernels->name, (double)found,
           expected, bound);
  return 1;
}

/// A finite half as a number.
static double half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 0x3FF;
  const double size = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
  return bits & 0x8000 ? -size : size;
}

static double mish(double x) { return x * tanh(log1p(exp(x))); }

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static int product(comparison *c) {
  const size_t count = between(c, 1, 64), times = between(c, 1, count), batch = count / times;
  const size_t depth = between(c, 1, 130), columns = between(c, 1, 100);
  // Rows closer than they are wide overlap, as a convolution's do; those at the ends may reach into zeros.
  const size_t stride = between(c, 1, 2 * depth), batch_stride = times * stride + between(c, 0, 5);
  const ck_zeros zeros = {between(c, 0, 1) * between(c, 0, depth / 2), between(c, 0, 1) * between(c, 0, depth / 2)};
  const size_t output_stride = columns + between(c, 0, 9);
  const size_t inputs = (batch - 1) * batch_stride + (times - 1) * stride + depth;
  const size_t outputs = batch * times * output_stride;
  const size_t padded = (columns + CK_PANEL - 1) / CK_PANEL * CK_PANEL;
  float *input = numbers(c, inputs, 2), *bias = numbers(c, padded, 1);
  float *ours = numbers(c, outputs, 0);
  uint16_t *weights = malloc(columns * depth * sizeof(uint16_t));
  uint16_t *packed = malloc(ck_packed_bytes(columns, depth));
  // Any finite half below 2, subnormal ones too.
  for (size_t i = 0; i < columns * depth; i++) weights[i] = (uint16_t)(between(c, 0, 0x3FFF) | between(c, 0, 1) << 15);
  for (size_t b = 0; b < batch; b++) {
    float *first = input + b * batch_stride, *end = first + (times - 1) * stride + depth;
    memset(first, 0, zeros.before * sizeof(float));
    memset(end - zeros.after, 0, zeros.after * sizeof(float));
  }
  for (size_t i = 0; i < outputs; i++) ours[i] = untouched;
  float *multiplied = copy_of(ours, outputs);
  ck_rows in = {input, stride, batch_stride};
  ck_rows our_rows = {ours, output_stride, times * output_stride};
  ck_rows multiplied_rows = {multiplied, output_stride, times * output_stride};
  ck_pack(weights, columns, depth, depth, packed);
  c->kernels->product(in, zeros, our_rows, batch, times, depth, columns, packed, bias);
  c->kernels->product(in, no_zeros, multiplied_rows, batch, times, depth, columns, packed, bias);
  int bad = 0;
  for (size_t i = 0; i < outputs && !bad; i++) bad = differs(c, "product without zeros", ours[i], multiplied[i], 0);
  for (size_t row = 0; row < batch * times && !bad; row++) {
    const float *from = input + row / times * batch_stride + row % times * stride;
    for (size_t i = 0; i < output_stride && !bad; i++) {
      double sum = i < columns ? bias[i] : untouched, magnitude = i < columns ? 2 * fabs(sum) : 0;
      for (size_t k = 0; i < columns && k < depth; k++) {
        const double term = from[k] * half(weights[i * depth + k]);
        sum += term;
        magnitude += fabs(term);
      }
      bad = differs(c, "product", ours[row * output_stride + i], sum, 2e-6 * magnitude);
    }
  }
  free(input), free(bias), free(ours), free(multiplied), free(weights), free(packed);
  return bad;
}

static int group_norm_mish(comparison *c) {
  const size_t groups = between(c, 1, 8), size = between(c, 1, 12), channels = groups * size;
  const size_t batch = between(c, 1, 4), times = between(c, 1, 33);
  const size_t stride = channels + between(c, 0, 7), batch_stride = times * stride + between(c, 0, 9);
  const size_t count = batch * batch_stride;
  const int adds = between(c, 0, 1) != 0, has_residual = between(c, 0, 1) != 0;
  float *x = numbers(c, count, 3), *scale = numbers(c, channels, 2), *shift = numbers(c, channels, 2);
  float *add = numbers(c, channels, 1), *residual = numbers(c, count, 1), *ours = copy_of(x, count);
  ck_rows more = {has_residual ? residual : NULL, stride, batch_stride};
  c->kernels->group_norm_mish((ck_rows){ours, stride, batch_stride}, batch, times, channels, groups, scale, shift,
                              adds ? add : NULL, more);
  int bad = 0;
  for (size_t i = 0; i < count && !bad; i++) {
    const size_t b = i / batch_stride, t = i % batch_stride / stride, channel = i % batch_stride % stride;
    if (t >= times || channel >= channels) {
      bad = differs(c, "group_norm_mish beside its channels", ours[i], x[i], 0);
      continue;
    }
    const float *group = x + b * batch_stride + channel / size * size;
    double mean = 0, variance = 0, largest = 0;
    for (size_t k = 0; k < times * size; k++) {
      mean += group[k / size * stride + k % size] / (double)(times * size);
      largest = fmax(largest, fabs((double)group[k / size * stride + k % size]));
    }
    for (size_t k = 0; k < times * size; k++) {
      const double distance = group[k / size * stride + k % size] - mean;
      variance += distance * distance / (double)(times * size);
    }
    const double slope = scale[channel] / sqrt(variance + 1e-5);
    double expected = mish((x[i] - mean) * slope + shift[channel]);
    expected += (adds ? add[channel] : 0) + (has_residual ? residual[i] : 0);
    // A mean is right to so much of its terms, which a group that hardly varies magnifies.
    bad = differs(c, "group_norm_mish", ours[i], expected, 2e-5 * (1 + fabs(expected)) + 1e-6 * largest * fabs(slope));
  }
  free(x), free(ours), free(scale), free(shift), free(add), free(residual);
  return bad;
}

static int activations(comparison *c) {
  const size_t count = between(c, 1, 70);
  const float spread = (float)between(c, 1, 100);
  float *x = numbers(c, count, spread), *ours = copy_of(x, count), *slope = copy_of(x, count);
  int bad = 0;
  c->kernels->mish(ours, count);
  for (size_t i = 0; i < count && !bad; i++) {
    bad = differs(c, "mish", ours[i], mish(x[i]), 2e-6 * (1 + fabs((double)x[i])));
  }
  c->kernels->silu(x, ours, slope, count);
  for (size_t i = 0; i < count && !bad; i++) {
    const double share = sigmoid(x[i]), y = x[i] * share;
    bad = differs(c, "silu", ours[i], y, 2e-6 * (1 + fabs((double)x[i]))) ||
          differs(c, "silu's slope", slope[i], share + y * (1 - share), 2e-6 * (1 + fabs((double)x[i])));
  }
  c->kernels->multiply(x, slope, ours, count);
  for (size_t i = 0; i < count && !bad; i++) bad = differs(c, "multiply", ours[i], x[i] * slope[i], 0);
  free(x), free(ours), free(slope);
  return bad;
}

int ka_disagreement(const ck_kernels *kernels, uint64_t seed, int shapes, char *report, size_t size) {
  comparison c = {kernels, seed, report, size};
  for (int i = 0; i < shapes; i++) {
    if (product(&c) || group_norm_mish(&c) || activations(&c)) return 1;
  }
  return 0;
}
