// The vector loops of training that no BLAS has: activations and their gradients, Adam, sums.
//
// Every function reads and writes `count` floats (or `rows` x `columns`, row-major), needs no alignment, keeps no state
// and may run on several threads at once. An output may be its own input where the comment says "in place".
#pragma once

#include <stddef.h>

// One copy a level of x86-64, chosen at load time, so that one binary is fast on every machine.
#if defined(__x86_64__) && defined(__linux__)
#define LK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LK_CLONES
#endif

// Activations: output = f(input), in place allowed.
void lk_relu_forward(size_t count, const float *input, float *output);
void lk_silu_forward(size_t count, const float *input, float *output);
void lk_mish_forward(size_t count, const float *input, float *output);
void lk_tanh_forward(size_t count, const float *input, float *output);

// Gradients: input_gradient = f'(input) * output_gradient; input_gradient may be output_gradient. ReLU and tanh take
// the *output* of the forward pass (so that forward may have been in place), SiLU and Mish the input.
void lk_relu_backward(size_t count, const float *output, const float *output_gradient, float *input_gradient);
void lk_silu_backward(size_t count, const float *input, const float *output_gradient, float *input_gradient);
void lk_mish_backward(size_t count, const float *input, const float *output_gradient, float *input_gradient);
void lk_tanh_backward(size_t count, const float *output, const float *output_gradient, float *input_gradient);

// e^x with about 2 ulp, arguments clamped to the range of normal floats.
void lk_exp(size_t count, const float *input, float *output);

// output[r][c] = row[c] for every r: the start of a product that adds a bias.
void lk_fill_rows(size_t rows, size_t columns, const float *row, float *output);
// sum[c] += sum over r of input[r][c]: the gradient of a bias.
void lk_add_column_sums(size_t rows, size_t columns, const float *input, float *sum);
// target += source.
void lk_add(size_t count, const float *source, float *target);
// values *= factor.
void lk_scale(size_t count, float factor, float *values);
// average = decay * average + (1 - decay) * values.
void lk_average(size_t count, float decay, const float *values, float *average);
// Sum of squares, accumulated in double.
double lk_sum_of_squares(size_t count, const float *values);

// One step of Adam (Kingma and Ba, 2015), in the order of their "more efficient" form: step_size already holds both
// bias corrections and epsilon_hat = epsilon * sqrt(1 - beta2^t). Gradients are multiplied by gradient_scale first
// (clipping).
void lk_adam(size_t count, float *restrict values, const float *restrict gradients, float *restrict first_moment,
             float *restrict second_moment, float gradient_scale, float beta1, float beta2, float step_size,
             float epsilon_hat);
