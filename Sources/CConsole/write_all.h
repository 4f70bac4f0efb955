// Writing in small pieces, so that a reader who is slow can be told from one who is not there.
#pragma once
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// CLOCK_MONOTONIC in nanoseconds.
uint64_t console_now(void);

// Writes it all, however long that takes, and notes in `moved` when each piece was begun. 0 or errno.
int console_write_all(int descriptor, const char *bytes, size_t count, _Atomic uint64_t *moved);

// Starts a thread that no signal is handed to: none of its waits ends early, and a background process that writes to
// its terminal is not stopped for it (SIGTTOU). 0 or errno.
int console_start(void *(*body)(void *));
