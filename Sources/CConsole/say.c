#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "console.h"
#include "printable.h"
#include "say.h"
#include "write_all.h"

// Before each message: how long it is, and how it is shown.
enum form { LINES, ONE_LINE, REDRAWN };
struct head {
  uint32_t count;
  uint32_t form;
};

// A ring of messages, each behind its length. One thread takes from it and does nothing but write: only it can get
// stuck.
enum { QUEUE_BYTES = 32 * 1024, MOST_BYTES = QUEUE_BYTES - (int)sizeof(struct head) };

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

// `message` as it goes to the terminal. Only what is written here may steer that.
static size_t show(const char *message, struct head head, char *target) {
  size_t used = 0;
  if (head.form == REDRAWN) target[used++] = '\r';
  used += console_printable(message, head.count, head.form == LINES, target + used);
  if (head.form == ONE_LINE) target[used++] = '\n';
  if (head.form == REDRAWN) {
    // Erases to the end of the line.
    memcpy(target + used, "\033[K", 3);
    used += 3;
  }
  return used;
}

static void *write_messages(void *unused) {
  (void)unused;
  static char message[MOST_BYTES], shown[MOST_BYTES * MOST_ESCAPE + 8];
  pthread_mutex_lock(&lock);
  for (;;) {
    while (!used) pthread_cond_wait(&was_said, &lock);
    struct head head;
    take(&head, sizeof head);
    take(message, head.count);
    is_writing = 1;
    pthread_mutex_unlock(&lock);
    const size_t count = show(message, head, shown);
    const int code = console_write_all(STDERR_FILENO, shown, count, &moved);
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

static void put_message(const char *text, enum form form) {
  const size_t length = strlen(text);
  const struct head head = {length < MOST_BYTES ? (uint32_t)length : MOST_BYTES, form};
  if (!length) return;
  console_start_saying();
  pthread_mutex_lock(&lock);
  said += 1;
  if (is_started && used + sizeof head + head.count <= QUEUE_BYTES) {
    put(&head, sizeof head);
    put(text, head.count);
    waiting += 1;
    pthread_cond_signal(&was_said);
  }
  pthread_mutex_unlock(&lock);
}

void console_say(const char *text) { put_message(text, LINES); }

void console_say_line(const char *text) { put_message(text, ONE_LINE); }

void console_redraw(const char *text) { put_message(text, REDRAWN); }

void console_settle(int milliseconds) {
  pthread_mutex_lock(&lock);
  const uint64_t end = console_now() + (uint64_t)milliseconds * 1000000u;
  const struct timespec time = {(time_t)(end / 1000000000u), (long)(end % 1000000000u)};
  // Once a thread has waited for a write in vain, none does so again.
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
