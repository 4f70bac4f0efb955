// Counts heap allocations by thread, by standing in for the C library's malloc in the program that is linked with it.
#pragma once
#include <stdint.h>

// Calls to malloc, calloc, realloc and their aligned kin by the calling thread since it started.
uint64_t ac_allocations(void);
