#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "printable.h"
#include "say.h"
#include "write_all.h"

enum { SECOND = 1000000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t was_written = PTHREAD_COND_INITIALIZER;
// Outlives its waiter: a thread that is stuck keeps it.
static const char *report;
static int is_written, result;
static _Atomic uint64_t moved;
// Why standard output failed, as far as this file has written to it.
static int failure;

static void *write_report(void *unused) {
  (void)unused;
  const int code = console_write_all(STDOUT_FILENO, report, strlen(report), &moved);
  pthread_mutex_lock(&lock);
  result = code;
  is_written = 1;
  pthread_cond_signal(&was_written);
  pthread_mutex_unlock(&lock);
  return NULL;
}

int console_report(const char *text) {
  // One that is stuck leaves no way past it.
  if (failure) return failure;
  report = console_printable_copy(text, 1);
  if (!report) return failure = ENOMEM;
  is_written = 0;
  moved = console_now();
  const int code = console_start(write_report);
  if (code) return failure = code;
  pthread_mutex_lock(&lock);
  int is_late = 0;
  while (!is_written && !is_late) {
    const uint64_t end = moved + SECOND;
    const struct timespec time = {(time_t)(end / SECOND), (long)(end % SECOND)};
    is_late = pthread_cond_clockwait(&was_written, &lock, CLOCK_MONOTONIC, &time) && moved + SECOND <= console_now();
  }
  failure = is_written ? result : ETIMEDOUT;
  pthread_mutex_unlock(&lock);
  if (is_written) free((void *)report);
  return failure;
}

void console_print(const char *text) {
  char *const copy = console_printable_copy(text, 1);
  if (!copy) return;
  fputs(copy, stdout);
  free(copy);
}

// The program's end, however it comes about.
static void end(int status, void *unused) {
  (void)unused;
  errno = 0;
  // Also what was printed through the C library.
  if (!failure && (fflush(stdout) || ferror(stdout))) failure = errno ? errno : EIO;
  if (failure) {
    char text[256];
    const char *const cause = failure == ETIMEDOUT ? "nobody reads it" : strerror(failure);
    snprintf(text, sizeof text, "Error: standard output cannot be written: %s\n", cause);
    console_say(text);
  }
  console_settle(1000);
  if (failure && !status) _exit(EXIT_FAILURE);
}

void console_open(void) {
  console_hold_descriptors();
  console_start_saying();
  on_exit(end, NULL);
}
