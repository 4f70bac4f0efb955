// Activations and their gradients as plain loops that vectorise.
#include "elementary_float.h"
#include "learning_kernels.h"

#pragma clang fp contract(fast)

LK_CLONES void lk_relu_forward(size_t count, const float *input, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = input[i] > 0.0f ? input[i] : 0.0f;
}

LK_CLONES void lk_relu_backward(size_t count, const float *output, const float *output_gradient,
                                 float *input_gradient) {
  for (size_t i = 0; i < count; i++) {
    // Read before the choice: a conditional read would keep the loop from being vectorised.
    float gradient = output_gradient[i];
    input_gradient[i] = output[i] > 0.0f ? gradient : 0.0f;
  }
}

LK_CLONES void lk_silu_forward(size_t count, const float *input, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = input[i] * lk_sigmoid1(input[i]);
}

LK_CLONES void lk_silu_backward(size_t count, const float *input, const float *output_gradient, float *input_gradient) {
  for (size_t i = 0; i < count; i++) {
    float gate = lk_sigmoid1(input[i]);
    input_gradient[i] = output_gradient[i] * gate * (1.0f + input[i] * (1.0f - gate));
  }
}

LK_CLONES void lk_mish_forward(size_t count, const float *input, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = input[i] * lk_mish_gate1(input[i]);
}

// d/dx x tanh(softplus(x)) = gate + x (1 - gate^2) sigmoid(x).
LK_CLONES void lk_mish_backward(size_t count, const float *input, const float *output_gradient, float *input_gradient) {
  for (size_t i = 0; i < count; i++) {
    float gate = lk_mish_gate1(input[i]);
    float slope = gate + input[i] * (1.0f - gate * gate) * lk_sigmoid1(input[i]);
    input_gradient[i] = output_gradient[i] * slope;
  }
}

LK_CLONES void lk_tanh_forward(size_t count, const float *input, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = lk_tanh1(input[i]);
}

LK_CLONES void lk_tanh_backward(size_t count, const float *output, const float *output_gradient,
                                 float *input_gradient) {
  for (size_t i = 0; i < count; i++) input_gradient[i] = output_gradient[i] * (1.0f - output[i] * output[i]);
}

LK_CLONES void lk_exp(size_t count, const float *input, float *output) {
  for (size_t i = 0; i < count; i++) output[i] = lk_exp1(input[i]);
}
