// Group normalisation and Mish in one pass over memory, since the denoiser always uses them together.
#include <math.h>

#include "elementary_float.h"
#include "learning_kernels.h"
#include "network_kernels.h"

#pragma clang fp contract(fast)

enum { most_channels = 1024 };

static const float epsilon = 1e-5f;

// The gradient of Mish: gate + x (1 - gate^2) sigmoid(x), written with a single exponential.
static inline __attribute__((always_inline)) float mish_slope(float x) {
  float e = lk_exp1(x > 20.0f ? 20.0f : x);
  float w = e * (e + 2.0f), d = 1.0f / (w + 2.0f);
  return w * d + x * (4.0f * e * (e + 1.0f)) * d * d;
}

LK_CLONES void lk_norm_mish_forward(size_t time, size_t rows, size_t channels, size_t groups, const float *input,
                                    const float *gamma, const float *beta, const float *addend, const float *residual,
                                    float *output, float *statistics) {
  float sum[most_channels], squares[most_channels], scale[most_channels], shift[most_channels];
  size_t width = channels / groups, stride = rows * channels;
  float count = (float)(time * width);
  for (size_t row = 0; row < rows; row++) {
    const float *x0 = input + row * channels;
    for (size_t c = 0; c < channels; c++) sum[c] = squares[c] = 0.0f;
    for (size_t t = 0; t < time; t++) {
      const float *x = x0 + t * stride;
      for (size_t c = 0; c < channels; c++) sum[c] += x[c];
    }
    float *mean_and_scale = statistics + row * groups * 2;
    for (size_t g = 0; g < groups; g++) {
#pragma clang fp reassociate(on)
      float total = 0.0f;
      for (size_t c = g * width; c < (g + 1) * width; c++) total += sum[c];
      mean_and_scale[2 * g] = total / count;
      for (size_t c = g * width; c < (g + 1) * width; c++) shift[c] = total / count;
    }
    // The variance about the mean, in a second pass: the difference of two sums would lose digits.
    for (size_t t = 0; t < time; t++) {
      const float *x = x0 + t * stride;
      for (size_t c = 0; c < channels; c++) squares[c] += (x[c] - shift[c]) * (x[c] - shift[c]);
    }
    for (size_t g = 0; g < groups; g++) {
#pragma clang fp reassociate(on)
      float total = 0.0f;
      for (size_t c = g * width; c < (g + 1) * width; c++) total += squares[c];
      float inverse = 1.0f / sqrtf(total / count + epsilon);
      mean_and_scale[2 * g + 1] = inverse;
      for (size_t c = g * width; c < (g + 1) * width; c++) {
        scale[c] = gamma[c] * inverse;
        shift[c] = beta[c] - shift[c] * scale[c];
        sum[c] = addend ? addend[row * channels + c] : 0.0f;
      }
    }
    for (size_t t = 0; t < time; t++) {
      const float *x = x0 + t * stride;
      float *y = output + row * channels + t * stride;
      for (size_t c = 0; c < channels; c++) {
        float u = x[c] * scale[c] + shift[c];
        y[c] = u * lk_mish_gate1(u) + sum[c];
      }
    }
  }
  if (residual) lk_add(time * stride, residual, output);
}

LK_CLONES void lk_norm_mish_backward(size_t time, size_t rows, size_t channels, size_t groups, const float *input,
                                     const float *gamma, const float *beta, const float *statistics,
                                     const float *output_gradient, float *input_gradient, float *gamma_gradient,
                                     float *beta_gradient) {
  float scale[most_channels], shift[most_channels], inverse[most_channels], centre[most_channels];
  float sum[most_channels], products[most_channels];
  size_t width = channels / groups, stride = rows * channels;
  float count = (float)(time * width);
  for (size_t c = 0; c < channels; c++) gamma_gradient[c] = beta_gradient[c] = 0.0f;
  for (size_t row = 0; row < rows; row++) {
    const float *mean_and_scale = statistics + row * groups * 2;
    for (size_t g = 0; g < groups; g++)
      for (size_t c = g * width; c < (g + 1) * width; c++) {
        inverse[c] = mean_and_scale[2 * g + 1];
        centre[c] = -mean_and_scale[2 * g] * inverse[c];
        scale[c] = gamma[c] * inverse[c];
        shift[c] = beta[c] + centre[c] * gamma[c];
        sum[c] = products[c] = 0.0f;
      }
    // Through Mish: the gradient at the normalised, scaled value, and its sums over time.
    for (size_t t = 0; t < time; t++) {
      const float *x = input + row * channels + t * stride;
      const float *dy = output_gradient + row * channels + t * stride;
      float *du = input_gradient + row * channels + t * stride;
      // In place or apart, but never overlapping otherwise.
#pragma clang loop vectorize(assume_safety)
      for (size_t c = 0; c < channels; c++) {
        float slope = dy[c] * mish_slope(x[c] * scale[c] + shift[c]);
        du[c] = slope;
        sum[c] += slope;
        products[c] += slope * (x[c] * inverse[c] + centre[c]);
      }
    }
    for (size_t c = 0; c < channels; c++) {
      beta_gradient[c] += sum[c];
      gamma_gradient[c] += products[c];
    }
    // Through the normalisation: du gamma less its mean and its projection on the normalised input, both per group.
    for (size_t g = 0; g < groups; g++) {
#pragma clang fp reassociate(on)
      float mean = 0.0f, projection = 0.0f;
      for (size_t c = g * width; c < (g + 1) * width; c++) {
        mean += gamma[c] * sum[c];
        projection += gamma[c] * products[c];
      }
      mean /= count;
      projection /= count;
      for (size_t c = g * width; c < (g + 1) * width; c++) {
        // Coefficients of du, x and 1 in the gradient of x.
        shift[c] = -inverse[c] * (mean + projection * centre[c]);
        centre[c] = -inverse[c] * projection * inverse[c];
      }
    }
    for (size_t t = 0; t < time; t++) {
      const float *x = input + row * channels + t * stride;
      float *dx = input_gradient + row * channels + t * stride;
      for (size_t c = 0; c < channels; c++) dx[c] = scale[c] * dx[c] + centre[c] * x[c] + shift[c];
    }
  }
}

LK_CLONES void lk_sum_over_time(size_t time, size_t count, const float *input, float *sum) {
  for (size_t i = 0; i < count; i++) sum[i] = input[i];
  for (size_t t = 1; t < time; t++)
    for (size_t i = 0; i < count; i++) sum[i] += input[t * count + i];
}
