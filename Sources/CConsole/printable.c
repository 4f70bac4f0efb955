#include "printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The character at `text` if it is one that a terminal obeys, and of how many bytes; otherwise 0.
static unsigned obeyed(const unsigned char *text, size_t count, size_t *length) {
  *length = 1;
  if (text[0] < 0x20 || text[0] == 0x7F) return text[0] ? text[0] : 0x2400;
  if (count >= 2 && text[0] == 0xC2 && text[1] >= 0x80 && text[1] <= 0x9F) {
    *length = 2;
    return text[1];
  }
  if (count >= 2 && text[0] == 0xD8 && text[1] == 0x9C) {
    *length = 2;
    return 0x61C;
  }
  if (count >= 3 && text[0] == 0xE2 && (text[1] == 0x80 || text[1] == 0x81)) {
    const unsigned character = 0x2000u + (text[1] == 0x81 ? 0x40u : 0u) + (text[2] & 0x3Fu);
    const int is_mark = character == 0x200E || character == 0x200F;
    if (is_mark || (character >= 0x2028 && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069)) {
      *length = 3;
      return character;
    }
  }
  return 0;
}

size_t console_printable(const char *text, size_t count, int keeps_lines, char *target) {
  size_t used = 0;
  for (size_t at = 0; at < count;) {
    size_t length;
    const unsigned character = obeyed((const unsigned char *)text + at, count - at, &length);
    if (!character || character == '\t' || (character == '\n' && keeps_lines)) {
      target[used++] = text[at++];
      continue;
    }
    char escape[MOST_ESCAPE + 1];
    snprintf(escape, sizeof escape, "\\u%04x", character);
    memcpy(target + used, escape, MOST_ESCAPE);
    used += MOST_ESCAPE;
    at += length;
  }
  return used;
}

char *console_printable_copy(const char *text, int keeps_lines) {
  const size_t count = strlen(text);
  char *const copy = malloc(count * MOST_ESCAPE + 1);
  if (copy) copy[console_printable(text, count, keeps_lines, copy)] = 0;
  return copy;
}
