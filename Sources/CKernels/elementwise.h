// Norm and activations, and the measure of the peak. Part of kernels_body.h.

/// Mish(x) = x tanh(ln(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2).
CK_INLINE vector mish_of(vector x) {
  vector e = exponential(at_least(at_most(x, 20.0f), -86.0f));  // from 20 on, Mish(x) = x in fp32
  vector n = e * (e + splat(2.0f));
  return x * n / (n + splat(2.0f));
}

static void CK_FUNCTION(mish)(float *x, size_t count) {
  size_t i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) store(x + i, mish_of(load(x + i)));
  if (i < count) store_first(x + i, mish_of(load_first(x + i, count - i)), count - i);
}

/// Σ over time of CK_WIDTH channels.
CK_INLINE vector sum_over_time(const float *x, size_t stride, size_t times) {
  vector sum = load(x);
  for (size_t t = 1; t < times; t++) sum += load(x + t * stride);
  return sum;
}

/// Σ over time of CK_WIDTH channels' squared distances from their means.
CK_INLINE vector squares_over_time(const float *x, size_t stride, size_t times, vector mean) {
  vector sum = splat(0);
  for (size_t t = 0; t < times; t++) {
    vector distance = load(x + t * stride) - mean;
    sum = multiply_add(distance, distance, sum);
  }
  return sum;
}

/// What turns the channels of a sequence into their normalised and scaled selves: x · factor + offset.
CK_INLINE void norm_factors(const float *x, size_t stride, size_t times, size_t channels, size_t groups,
                            const float *scale, const float *shift, float *factor, float *offset) {
  const float epsilon = 1e-5f;
  const size_t size = channels / groups;
  const float share = 1.0f / (float)(times * size);
  // Sums over time first, a channel each, so that the loop is vertical; then over the channels of each group.
  size_t c = 0;
  for (; c + CK_WIDTH <= channels; c += CK_WIDTH) store(factor + c, sum_over_time(x + c, stride, times));
  for (; c < channels; c++) {
    factor[c] = 0;
    for (size_t t = 0; t < times; t++) factor[c] += x[t * stride + c];
  }
  for (size_t g = 0; g < groups; g++) {
    const float mean = sum_of(factor + g * size, size) * share;
    for (c = g * size; c < (g + 1) * size; c++) factor[c] = mean;
  }
  for (c = 0; c + CK_WIDTH <= channels; c += CK_WIDTH) {
    store(offset + c, squares_over_time(x + c, stride, times, load(factor + c)));
  }
  for (; c < channels; c++) {
    offset[c] = 0;
    for (size_t t = 0; t < times; t++) {
      const float distance = x[t * stride + c] - factor[c];
      offset[c] += distance * distance;
    }
  }
  for (size_t g = 0; g < groups; g++) {
    const float inverse = 1.0f / ck_sqrt(sum_of(offset + g * size, size) * share + epsilon);
    for (c = g * size; c < (g + 1) * size; c++) {
      const float mean = factor[c];
      factor[c] = scale[c] * inverse;
      offset[c] = shift[c] - mean * factor[c];
    }
  }
}

static void CK_FUNCTION(group_norm_mish)(ck_rows x, size_t batch, size_t times, size_t channels, size_t groups,
                                         const float *scale, const float *shift, const float *add,
                                         ck_rows residual) {
  float factor[CK_CHANNELS_MAX], offset[CK_CHANNELS_MAX];
  for (size_t b = 0; b < batch; b++) {
    float *base = x.base + b * x.batch_stride;
    norm_factors(base, x.time_stride, times, channels, groups, scale, shift, factor, offset);
    for (size_t t = 0; t < times; t++) {
      float *row = base + t * x.time_stride;
      const float *more = residual.base ? residual.base + b * residual.batch_stride + t * residual.time_stride : NULL;
      size_t c = 0;
      for (; c + CK_WIDTH <= channels; c += CK_WIDTH) {
        vector y = mish_of(multiply_add(load(row + c), load(factor + c), load(offset + c)));
        if (add) y += load(add + c);
        if (more) y += load(more + c);
        store(row + c, y);
      }
      if (c < channels) {
        const size_t rest = channels - c;
        vector y = multiply_add(load_first(row + c, rest), load_first(factor + c, rest), load_first(offset + c, rest));
        y = mish_of(y);
        if (add) y += load_first(add + c, rest);
        if (more) y += load_first(more + c, rest);
        store_first(row + c, y, rest);
      }
    }
  }
}

CK_INLINE void silu_of(vector x, vector *y, vector *slope) {
  vector sigmoid = splat(1.0f) / (splat(1.0f) + exponential(at_least(at_most(-x, 86.0f), -86.0f)));
  *y = x * sigmoid;
  *slope = sigmoid + *y * (splat(1.0f) - sigmoid);
}

static void CK_FUNCTION(silu)(const float *x, float *output, float *slope, size_t count) {
  size_t i = 0;
  vector y, d;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) {
    silu_of(load(x + i), &y, &d);
    store(output + i, y);
    if (slope) store(slope + i, d);
  }
  if (i < count) {
    silu_of(load_first(x + i, count - i), &y, &d);
    store_first(output + i, y, count - i);
    if (slope) store_first(slope + i, d, count - i);
  }
}

static void CK_FUNCTION(multiply)(const float *x, const float *factor, float *output, size_t count) {
  size_t i = 0;
  for (; i + CK_WIDTH <= count; i += CK_WIDTH) store(output + i, load(x + i) * load(factor + i));
  for (; i < count; i++) output[i] = x[i] * factor[i];
}

static double CK_FUNCTION(peak)(size_t rounds) {
  // More chains than the longest latency times the most multipliers of any processor, and all in registers.
  enum { chains = 12 };
  // What the compiler cannot know it cannot leave out.
  volatile float factor = 0.5f, term = 0.25f, result;
  vector sum[chains], x = splat(factor), y = splat(term);
  CK_UNROLL for (int i = 0; i < chains; i++) sum[i] = splat((float)i);
  for (size_t round = 0; round < rounds; round++) {
    CK_UNROLL for (int i = 0; i < chains; i++) sum[i] = multiply_add(sum[i], x, y);
  }
  CK_UNROLL for (int i = 1; i < chains; i++) sum[0] += sum[i];
  result = sum[0][0];
  (void)result;
  return 2.0 * chains * CK_WIDTH * (double)rounds;
}
