// The property that every table of kernels must have, the portable one too: on random shapes it agrees with the
// definition.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "kernels.h"

/// Compares `kernels` with the definition, in double precision, on `shapes` random shapes a function, drawn from
/// `seed`: 1 to 64 rows, odd sizes, tails, overlapping and spread-out rows. Returns 0, or 1 with the first disagreement
/// in words in `report`.
///
/// The bounds: a product within 2e-6 of the sum of its terms' magnitudes, norms within 2e-5 of 1 + |y|, activations
/// within 2e-6 of 1 + |x|; and nothing is written outside of the output rows.
int ka_disagreement(const ck_kernels *kernels, uint64_t seed, int shapes, char *report, size_t size);
