// What this build is.
#pragma once

// As in CHANGELOG.md: major.minor.patch.
const char *md_version(void);

// The commit it was built from, as the Makefile found it ("+" if files had changed since); "unknown" without it.
const char *md_commit(void);
