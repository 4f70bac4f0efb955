#include "version.h"

#ifndef METADIFFUSER_COMMIT
#define METADIFFUSER_COMMIT "unknown"
#endif

const char *md_version(void) { return "0.9.0"; }

const char *md_commit(void) { return METADIFFUSER_COMMIT; }
