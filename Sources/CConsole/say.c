#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "say.h"
#include "write_all.h"

// A ring of messages, each behind its length. One thread takes from it and does nothing but write: only it can get stuck.
enum { QUEUE_BYTES = 32 * 1024, MOST_BYTES = QUEUE_BYTES - (int)sizeof(uint32_t) };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t was_said = PTHREAD_COND_INITIALIZER, was_written = PTHREAD_COND_INITIALIZER;
static char queue[QUEUE_BYTES];
static size_t first, used;
static int is_started, is_writing, is_stuck;
// Messages in all, messages on standard error, and messages that the thread has still to write.
static uint64_t said, written, waiting;
static _Atomic uint64_t moved;

static void put(const void *bytes, size_t count) {
  const size_t at = (first + used) % QUEUE_BYTES;
  const size_t straight = count < QUEUE_BYTES - at ? count : QUEUE_BYTES - at;
  memcpy(queue + at, bytes, straight);
  memcpy(queue, (const char *)bytes + straight, count - straight);
  used += count;
}

static void take(void *bytes, size_t count) {
  const size_t straight = count < QUEUE_BYTES - first ? count : QUEUE_BYTES - first;
  memcpy(bytes, queue + first, straight);
  memcpy((char *)bytes + straight, queue, count - straight);
  first = (first + count) % QUEUE_BYTES;
  used -= count;
}

static void *write_messages(void *unused) {
  (void)unused;
  static char message[MOST_BYTES];
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!used) pthread_cond_wait(&was_said, &lock);
    uint32_t count;
    take(&count, sizeof count);
    take(message, count);
    is_writing = 1;
    pthread_mutex_unlock(&lock);
    const int code = console_write_all(STDERR_FILENO, message, count, &moved);
    pthread_mutex_lock(&lock);
    is_writing = is_stuck = 0;
    waiting -= 1;
    if (!code) written += 1;
    pthread_cond_broadcast(&was_written);
  }
  return NULL;
}

void console_start_saying(void) {
  pthread_mutex_lock(&lock);
  if (!is_started) is_started = !console_start(write_messages);
  pthread_mutex_unlock(&lock);
}

void console_say(const char *text) {
  const size_t length = strlen(text);
  const uint32_t count = length < MOST_BYTES ? (uint32_t)length : MOST_BYTES;
  if (!count) return;
  console_start_saying();
  pthread_mutex_lock(&lock);
  said += 1;
  if (is_started && used + sizeof count + count <= QUEUE_BYTES) {
    put(&count, sizeof count);
    put(text, count);
    waiting += 1;
    pthread_cond_signal(&was_said);
  }
  pthread_mutex_unlock(&lock);
}

void console_settle(int milliseconds) {
  pthread_mutex_lock(&lock);
  const uint64_t end = console_now() + (uint64_t)milliseconds * 1000000u;
  const struct timespec time = {(time_t)(end / 1000000000u), (long)(end % 1000000000u)};
  // Once somebody has waited for a write in vain, nobody does so again.
  while (waiting && !is_stuck && !pthread_cond_clockwait(&was_written, &lock, CLOCK_MONOTONIC, &time)) {
  }
  // A thread that got no processor time is not stuck.
  if (waiting && is_writing) is_stuck = 1;
  pthread_mutex_unlock(&lock);
}

uint64_t console_dropped(void) {
  pthread_mutex_lock(&lock);
  const uint64_t count = said - written;
  pthread_mutex_unlock(&lock);
  return count;
}
