// Compares the kernels that this processor gets with their definition: for processors that only an emulator has.

#include <stdio.h>
#include <string.h>

#include "kernel_agreement.h"

int main(int count, char **arguments) {
  const char *name = count > 1 ? arguments[1] : NULL;
  const ck_kernels *kernels = ck_kernels_select(name);
  char report[256];
  if (!kernels) {
    fprintf(stderr, "no kernels called '%s' for this processor\n", name);
    return 1;
  }
  if (ka_disagreement(kernels, 1, 400, report, sizeof report)) {
    fprintf(stderr, "%s\n", report);
    return 1;
  }
  printf("%s: agrees with the definition on 400 random shapes\n", kernels->name);
  return 0;
}
