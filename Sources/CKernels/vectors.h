// Vectors of CK_WIDTH floats: what the other parts of kernels_body.h are written in.

#define CK_INLINE static inline __attribute__((always_inline))
#define CK_UNROLL _Pragma("clang loop unroll(full)")

typedef float vector __attribute__((ext_vector_type(CK_WIDTH)));
typedef int32_t integers __attribute__((ext_vector_type(CK_WIDTH)));

// In memory they lie at any address of a float.
typedef vector vector_in_memory __attribute__((aligned(4)));

CK_INLINE vector load(const float *p) { return *(const vector_in_memory *)p; }
CK_INLINE void store(float *p, vector v) { *(vector_in_memory *)p = v; }
CK_INLINE vector splat(float x) { return (vector)x; }

/// The first `count` < CK_WIDTH floats at `p`, then zeros.
CK_INLINE vector load_first(const float *p, size_t count) {
  float lane[CK_WIDTH] = {0};
  memcpy(lane, p, count * sizeof(float));
  return load(lane);
}

CK_INLINE void store_first(float *p, vector v, size_t count) {
  float lane[CK_WIDTH];
  store(lane, v);
  memcpy(p, lane, count * sizeof(float));
}

CK_INLINE vector multiply_add(vector a, vector b, vector c) {
#if CK_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// CK_WIDTH fp16 weights as fp32. They are finite: the model file was checked.
CK_INLINE vector widen(const uint16_t *p) {
#if CK_F16
  typedef _Float16 halves __attribute__((ext_vector_type(CK_WIDTH), aligned(2)));
  return __builtin_convertvector(*(const halves *)p, vector);
#else
  // Shift exponent and fraction into place, then scale by 2^112: exact for subnormal numbers too.
  typedef uint16_t shorts __attribute__((ext_vector_type(CK_WIDTH), aligned(2)));
  integers bits = __builtin_convertvector(*(const shorts *)p, integers);
  vector magnitude = (vector)((bits & 0x7FFF) << 13) * splat(0x1p112f);
  return (vector)((integers)magnitude | ((bits & 0x8000) << 16));
#endif
}

// Where `a` is a NaN, both give `limit`: one instruction each.
CK_INLINE vector at_most(vector a, float limit) { return a < splat(limit) ? a : splat(limit); }
CK_INLINE vector at_least(vector a, float limit) { return a > splat(limit) ? a : splat(limit); }

CK_INLINE float sum_of(const float *x, size_t count) {
  float total = 0;
  size_t i = 0;
  if (count >= CK_WIDTH) {
    vector sum = load(x);
    for (i = CK_WIDTH; i + CK_WIDTH <= count; i += CK_WIDTH) sum += load(x + i);
    CK_UNROLL for (int lane = 0; lane < CK_WIDTH; lane++) total += sum[lane];
  }
  for (; i < count; i++) total += x[i];
  return total;
}

/// e^x for −86 ≤ x ≤ 86, to about 2 units in the last place. Range reduction to ±ln 2 / 2, then the polynomial of
/// degree 5 that keeps the largest relative error there smallest (1.05e-7, by Remez' exchange with the first two terms
/// fixed).
CK_INLINE vector exponential(vector x) {
  // Adding 1.5 · 2^23 rounds to the nearest whole number, which then sits in the low bits.
  const vector magic = splat(0x1.8p23f);
  vector shifted = multiply_add(x, splat(1.44269504f), magic);
  vector n = shifted - magic;
  vector r = multiply_add(n, splat(-0.693359375f), x);
  r = multiply_add(n, splat(2.12194440e-4f), r);
  vector p = splat(8.3125013e-3f);
  p = multiply_add(p, r, splat(4.1890332e-2f));
  p = multiply_add(p, r, splat(1.66671154e-1f));
  p = multiply_add(p, r, splat(4.99992302e-1f));
  p = multiply_add(p, r, splat(1.0f));
  p = multiply_add(p, r, splat(1.0f));
  // Times 2^n: n is added to the exponent.
  return (vector)((integers)p + ((integers)shifted << 23));
}
