// Loops over whole parameter buffers: Adam, averages, sums.
#include <math.h>

#include "learning_kernels.h"

#pragma clang fp contract(fast)

LK_CLONES void lk_fill_rows(size_t rows, size_t columns, const float *row, float *output) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) output[r * columns + c] = row[c];
}

LK_CLONES void lk_add_column_sums(size_t rows, size_t columns, const float *input, float *sum) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++) sum[c] += input[r * columns + c];
}

LK_CLONES void lk_add(size_t count, const float *source, float *target) {
  for (size_t i = 0; i < count; i++) target[i] += source[i];
}

LK_CLONES void lk_scale(size_t count, float factor, float *values) {
  for (size_t i = 0; i < count; i++) values[i] *= factor;
}

LK_CLONES void lk_average(size_t count, float decay, const float *values, float *average) {
  for (size_t i = 0; i < count; i++) average[i] = decay * average[i] + (1.0f - decay) * values[i];
}

LK_CLONES double lk_sum_of_squares(size_t count, const float *values) {
#pragma clang fp reassociate(on)
  double sum = 0.0;
  for (size_t i = 0; i < count; i++) sum += (double)values[i] * (double)values[i];
  return sum;
}

LK_CLONES void lk_adam(size_t count, float *restrict values, const float *restrict gradients,
                       float *restrict first_moment, float *restrict second_moment, float gradient_scale, float beta1,
                       float beta2, float step_size, float epsilon_hat) {
  for (size_t i = 0; i < count; i++) {
    float g = gradients[i] * gradient_scale;
    float m = beta1 * first_moment[i] + (1.0f - beta1) * g;
    float v = beta2 * second_moment[i] + (1.0f - beta2) * g * g;
    first_moment[i] = m;
    second_moment[i] = v;
    values[i] -= step_size * m / (__builtin_elementwise_sqrt(v) + epsilon_hat);
  }
}
