#include "elementwise.h"

#include <math.h>
#include <string.h>

static inline float mish(float x) {
  const float e = expf(fminf(x, 20.0f));
  const float n = e * (e + 2.0f);
  return x * n / (n + 2.0f);
}

void ew_mish(float *x, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = mish(x[i]);
}

void ew_norm_mish(float *x, size_t batch, size_t times, size_t channels, size_t groups, const float *scale,
                  const float *shift, const float *add, const float *residual) {
  const size_t size = channels / groups;
  float factor[1024], offset[1024];
  for (size_t b = 0; b < batch; b++, x += times * channels) {
    for (size_t g = 0; g < groups; g++) {
      float sum = 0, squares = 0;
      for (size_t t = 0; t < times; t++) {
        for (size_t c = g * size; c < (g + 1) * size; c++) {
          const float value = x[t * channels + c];
          sum += value;
          squares += value * value;
        }
      }
      const float count = (float)(times * size);
      const float mean = sum / count;
      const float inverse = 1.0f / sqrtf(squares / count - mean * mean + 1e-5f);
      for (size_t c = g * size; c < (g + 1) * size; c++) {
        factor[c] = scale[c] * inverse;
        offset[c] = shift[c] - mean * factor[c];
      }
    }
    for (size_t t = 0; t < times; t++) {
      float *row = x + t * channels;
      for (size_t c = 0; c < channels; c++) row[c] = mish(row[c] * factor[c] + offset[c]);
      if (add) {
        for (size_t c = 0; c < channels; c++) row[c] += add[c];
      }
      if (residual) {
        const float *other = residual + (b * times + t) * channels;
        for (size_t c = 0; c < channels; c++) row[c] += other[c];
      }
    }
  }
}

void ew_fill_rows(float *x, size_t rows, size_t columns, const float *bias) {
  for (size_t row = 0; row < rows; row++) memcpy(x + row * columns, bias, columns * sizeof(float));
}

void ew_gather(const float *x, float *target, size_t batch, size_t times, size_t outputs, size_t channels, size_t taps,
               size_t stride, size_t padding) {
  for (size_t b = 0; b < batch; b++, x += times * channels) {
    for (size_t t = 0; t < outputs; t++) {
      for (size_t tap = 0; tap < taps; tap++, target += channels) {
        const size_t time = t * stride + tap - padding;  // wraps around below 0, and is then beyond the end
        if (time < times) {
          memcpy(target, x + time * channels, channels * sizeof(float));
        } else {
          memset(target, 0, channels * sizeof(float));
        }
      }
    }
  }
}

void ew_scatter(const float *x, float *target, size_t batch, size_t times, size_t channels) {
  for (size_t b = 0; b < batch; b++, target += 2 * times * channels) {
    for (size_t t = 0; t < times; t++) {
      for (size_t tap = 0; tap < 4; tap++, x += channels) {
        const size_t time = 2 * t + tap - 1;
        if (time >= 2 * times) continue;
        float *row = target + time * channels;
        for (size_t c = 0; c < channels; c++) row[c] += x[c];
      }
    }
  }
}

void ew_join(const float *left, const float *right, float *target, size_t rows, size_t leftSize, size_t rightSize) {
  for (size_t row = 0; row < rows; row++) {
    memcpy(target + row * (leftSize + rightSize), left + row * leftSize, leftSize * sizeof(float));
    memcpy(target + row * (leftSize + rightSize) + leftSize, right + row * rightSize, rightSize * sizeof(float));
  }
}
