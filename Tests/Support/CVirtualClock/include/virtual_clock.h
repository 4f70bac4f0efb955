// A monotonic clock that a test moves: stands in for the C library's clock_gettime in the program that is linked with
// it, on threads that ask for it. All other threads and clocks are the system's. For programs and tests only, never for
// a library.
#pragma once
#include <stdint.h>

// From now on CLOCK_MONOTONIC shows `nanoseconds`, not 0, on the calling thread.
void vc_begin(uint64_t nanoseconds);

// Moves it on.
void vc_advance(uint64_t nanoseconds);

// From now on each reading moves it on by so much: a machine that is slow.
void vc_set_cost(uint64_t nanoseconds);

// What it shows, without moving it.
uint64_t vc_now(void);

// Back to the system's.
void vc_end(void);
