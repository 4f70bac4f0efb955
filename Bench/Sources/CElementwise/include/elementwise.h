// Elementwise work of a denoiser in fp32: the part that a library of linear algebra does not have.
#pragma once
#include <stddef.h>

// In place on x [batch][times][channels]: x = Mish(group norm(x)) + add[c] + residual; add and residual may be NULL.
void ew_norm_mish(float *x, size_t batch, size_t times, size_t channels, size_t groups, const float *scale,
                  const float *shift, const float *add, const float *residual);

// In place: x = Mish(x).
void ew_mish(float *x, size_t count);

// x [rows][columns] = bias [columns], for a product to add to.
void ew_fill_rows(float *x, size_t rows, size_t columns, const float *bias);

// Rows of a convolution's product: target [batch][outputs][taps][channels] from x [batch][times][channels], zeros
// beyond its ends. Output t sees the times from t · stride − padding on.
void ew_gather(const float *x, float *target, size_t batch, size_t times, size_t outputs, size_t channels, size_t taps,
               size_t stride, size_t padding);

// A transposed convolution's end, 4 taps, stride 2, padding 1: x [batch][times][4][channels] is added up into target
// [batch][2 · times][channels], which begins as the bias.
void ew_scatter(const float *x, float *target, size_t batch, size_t times, size_t channels);

// target [rows][left + right] from its two halves.
void ew_join(const float *left, const float *right, float *target, size_t rows, size_t leftSize, size_t rightSize);
