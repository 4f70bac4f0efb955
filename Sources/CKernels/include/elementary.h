// Elementary functions of the C library, so that PlannerRuntime needs neither Foundation nor Glibc.
#pragma once
#include <math.h>

// Tells the Swift compiler that a C function may be called where `@_noAllocation @_noLocks` stand.
#define CK_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))

CK_REALTIME static inline float ck_sqrt(float x) { return sqrtf(x); }
CK_REALTIME static inline float ck_log(float x) { return logf(x); }
CK_REALTIME static inline float ck_cos(float x) { return cosf(x); }
CK_REALTIME static inline float ck_sin(float x) { return sinf(x); }
CK_REALTIME static inline float ck_exp(float x) { return expf(x); }
CK_REALTIME static inline float ck_tanh(float x) { return tanhf(x); }
