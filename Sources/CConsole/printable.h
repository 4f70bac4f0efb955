// Text that cannot steer the terminal it is shown on.
#pragma once
#include <stddef.h>

enum { MOST_ESCAPE = 6 };

// Copies `count` bytes of UTF-8 to `target`, which has room for MOST_ESCAPE times as many, and returns how many it
// became. What a terminal would obey (control characters, changes of direction) becomes \uXXXX, which is also what JSON
// takes it for; the end of a line and the tabulator stay, the former if `keeps_lines`.
size_t console_printable(const char *text, size_t count, int keeps_lines, char *target);

// The same of a whole string, in memory that the caller frees; NULL without memory.
char *console_printable_copy(const char *text, int keeps_lines);
