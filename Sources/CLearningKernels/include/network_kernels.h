// The vector loops of the denoiser: convolutions over time and group normalisation with Mish.
//
// Activations are [time][batch][channel]: the rows of one instant lie together, so that a tap of a convolution is a
// product of whole blocks of rows and no patch is ever copied.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Which blocks meet in a convolution. Block r of the result is the sum over entries j in starts[r] ..< starts[r + 1]
// of input block sources[j] times tap taps[j] of the weights.
typedef struct {
  size_t count;             // blocks of the result
  const int32_t *starts;    // [count + 1]
  const int32_t *sources;   // [starts[count]]
  const int32_t *taps;      // [starts[count]]
} lk_tap_pairs;

// output[block r][row][n] = bias[n] + sum over pairs j, k of input[sources[j]][row][k] * weight(taps[j], k, n).
// input is [blocks][rows][depth], output [pairs.count][rows][columns]; bias may be NULL. The weights are panels of 16
// columns, [columns / 16 rounded up][taps][depth][16], so that the kernel reads them from front to back.
void lk_convolve(const lk_tap_pairs *pairs, size_t taps, size_t rows, size_t depth, size_t columns,
                 const float *input, const float *panels, const float *bias, float *output);

// Packs weights [outputs][taps][inputs] as panels for both directions: forward, where columns are outputs and depth is
// inputs, and backward, the other way round. The padding of the last panels is left as it is: zeros or anything finite.
void lk_pack_panels(size_t outputs, size_t taps, size_t inputs, const float *weights, float *forward, float *backward);

// gradient[o][tap][i] = sum over pairs of block `tap` and rows of output_gradient[taps[j]][row][o] *
// input[sources[j]][row][i]: here the result's blocks are the taps, `taps` holds output blocks, `sources` input blocks.
void lk_convolution_weight_gradient(const lk_tap_pairs *pairs, size_t rows, size_t outputs, size_t inputs,
                                    const float *output_gradient, const float *input, float *gradient);

// output = mish(gamma * (input - mean) / deviation + beta) + addend + residual, mean and deviation per row and group
// over time and the group's channels (Wu and He, 2018). Input and output are [time][rows][channels]; addend (may be
// NULL) is [rows][channels], residual (may be NULL) like the output; statistics [rows][groups][mean, 1 / deviation] is
// what the backward pass needs. At most 1024 channels.
void lk_norm_mish_forward(size_t time, size_t rows, size_t channels, size_t groups, const float *input,
                          const float *gamma, const float *beta, const float *addend, const float *residual,
                          float *output, float *statistics);

// Gradients of the above with respect to input (input_gradient may be output_gradient), gamma and beta (both set, not
// added). Addend and residual take output_gradient as it is (summed over time for the addend).
void lk_norm_mish_backward(size_t time, size_t rows, size_t channels, size_t groups, const float *input,
                           const float *gamma, const float *beta, const float *statistics,
                           const float *output_gradient, float *input_gradient, float *gamma_gradient,
                           float *beta_gradient);

// sum[row][c] = sum over time of input[time][row][c].
void lk_sum_over_time(size_t time, size_t count, const float *input, float *sum);
