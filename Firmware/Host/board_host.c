// The board as a Linux process: two ttys, which are arguments, and the monotonic clock. For tests and debugging.
#include "board.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "console.h"
#include "serial_port.h"

enum { LINES = 2, BAUD = 921600 };
static const uint64_t reopen_after = 20 * 1000000;

static const char *paths[LINES];
static int ports[LINES] = {-1, -1};
static uint64_t next_open[LINES];
static uint64_t started;

static uint64_t monotonic(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Whether the line's tty is open, after an attempt to open it if one is due.
static int is_open(int line) {
  if (ports[line] >= 0) return 1;
  if (board_now() < next_open[line]) return 0;
  next_open[line] = board_now() + reopen_after;
  ports[line] = sp_open(paths[line], BAUD);
  return ports[line] >= 0;
}

static void lose(int line) {
  sp_close(ports[line]);
  ports[line] = -1;
  next_open[line] = board_now() + reopen_after;
}

// glibc hands the arguments to constructors too; Embedded Swift's main has none to hand on.
__attribute__((constructor)) static void keep_arguments(int count, char **arguments) {
  if (count == 1 + LINES)
    for (int line = 0; line < LINES; line++) paths[line] = arguments[1 + line];
}

void board_start(void) {
  // Before the ttys are opened: none may become standard error.
  console_hold_descriptors();
  if (!paths[0]) {
    fprintf(stderr, "usage: firmware-host LINK BUS   (two ttys: the controller's, and the drives' and sensors')\n");
    exit(64);
  }
  started = monotonic();
}

uint64_t board_now(void) { return monotonic() - started; }

size_t board_read(board_line line, void *bytes, size_t capacity) {
  if (!is_open(line)) return 0;
  const long count = sp_read(ports[line], bytes, capacity);
  if (count < 0) lose(line);
  return count > 0 ? (size_t)count : 0;
}

size_t board_write(board_line line, const void *bytes, size_t count) {
  if (!count || !is_open(line)) return count;
  // What the tty does not take is lost, as on a wire.
  const int code = sp_write(ports[line], bytes, count);
  if (code < 0 && code != -EAGAIN) lose(line);
  return count;
}

void board_wait(void) {
  struct pollfd descriptors[LINES];
  for (int line = 0; line < LINES; line++) descriptors[line] = (struct pollfd){.fd = ports[line], .events = POLLIN};
  poll(descriptors, LINES, 1);
}

void board_feed_watchdog(void) {}
// A process is switched on when it starts: nothing resets it.
void board_remember(uint32_t word) { (void)word; }
uint32_t board_recall(void) { return 0; }
uint32_t board_stack_bytes(void) { return 0; }
void *board_take(size_t size) { return aligned_alloc(16, (size + 15) & ~(size_t)15); }
