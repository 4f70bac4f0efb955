// Elementary functions of the C library, so that PlannerRuntime needs neither Foundation nor Glibc.
#pragma once
#include <math.h>

static inline float ck_log(float x) { return logf(x); }
static inline float ck_cos(float x) { return cosf(x); }
static inline float ck_sin(float x) { return sinf(x); }
static inline float ck_exp(float x) { return expf(x); }
static inline float ck_tanh(float x) { return tanhf(x); }
