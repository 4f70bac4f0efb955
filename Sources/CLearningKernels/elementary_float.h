// Branch-free exponential and friends that the compiler turns into vector code inside any loop.
#pragma once

#include <stdint.h>
#include <string.h>

// e^x: 2^n times a polynomial on the remainder (coefficients of Cephes expf, S. Moshier), about 2 ulp.
static inline __attribute__((always_inline)) float lk_exp1(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  // Adding and taking away 1.5 * 2^23 rounds to the nearest whole number.
  float shifted = x * 1.44269504088896341f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t bits;
  memcpy(&bits, &shifted, 4);
  bits = (bits + 127u) << 23;
  float scale;
  memcpy(&scale, &bits, 4);
  return p * scale;
}

static inline __attribute__((always_inline)) float lk_sigmoid1(float x) { return 1.0f / (1.0f + lk_exp1(-x)); }

// tanh(x) = 1 - 2 / (e^2x + 1); near zero an odd polynomial, because the difference would cancel there.
static inline __attribute__((always_inline)) float lk_tanh1(float x) {
  float far = 1.0f - 2.0f / (lk_exp1(2.0f * x) + 1.0f);
  float s = x * x;
  float near = x + x * s * (-0.333333333f + s * (0.133333333f + s * (-0.0539682540f + s * 0.0218694885f)));
  return s < 0.04f ? near : far;
}

// tanh(softplus(x)) = (e^2x + 2 e^x) / (e^2x + 2 e^x + 2), the gate of Mish; e^x is clamped where the gate is 1.
static inline __attribute__((always_inline)) float lk_mish_gate1(float x) {
  float e = lk_exp1(x > 20.0f ? 20.0f : x);
  float w = e * (e + 2.0f);
  return w / (w + 2.0f);
}
