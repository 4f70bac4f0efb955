// Functions of the C library, so that PlannerRuntime needs neither Foundation nor Glibc.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

// Tells the Swift compiler that a C function may be called where `@_noAllocation @_noLocks` stand.
#define CK_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))

CK_REALTIME static inline float ck_sqrt(float x) { return sqrtf(x); }
CK_REALTIME static inline float ck_log(float x) { return logf(x); }
CK_REALTIME static inline float ck_cos(float x) { return cosf(x); }
CK_REALTIME static inline float ck_sin(float x) { return sinf(x); }
CK_REALTIME static inline double ck_cosine(double x) { return cos(x); }
CK_REALTIME static inline float ck_exp(float x) { return expf(x); }
CK_REALTIME static inline float ck_tanh(float x) { return tanhf(x); }
CK_REALTIME static inline int ck_is_finite(float x) { return isfinite(x); }
CK_REALTIME static inline void ck_copy(float *target, const float *source, size_t count) {
  memcpy(target, source, count * sizeof(float));
}

/// The monotonic clock in nanoseconds (no system call on Linux: the kernel maps it into the process).
CK_REALTIME static inline uint64_t ck_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
