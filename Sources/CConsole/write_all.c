#include "write_all.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_BYTES = 4096, STACK_BYTES = 64 * 1024, MOST_STACK_BYTES = 1024 * 1024 };

uint64_t console_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int console_write_all(int descriptor, const char *bytes, size_t count, _Atomic uint64_t *moved) {
  *moved = console_now();
  while (count) {
    const ssize_t written = write(descriptor, bytes, count < PIECE_BYTES ? count : PIECE_BYTES);
    if (written < 0 && errno == EAGAIN) {
      // Another process that shares the descriptor has made it non-blocking.
      poll(&(struct pollfd){.fd = descriptor, .events = POLLOUT}, 1, 100);
    } else if (written < 0 && errno != EINTR) {
      return errno;
    } else if (written > 0) {
      bytes += written;
      count -= (size_t)written;
      *moved = console_now();
    }
  }
  return 0;
}

int console_start(void *(*body)(void *)) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int code = EINVAL;
  // What libraries keep for each thread lies on its stack too, and OpenBLAS keeps much: a stack may be too small to
  // start.
  for (size_t bytes = STACK_BYTES; code == EINVAL && bytes <= MOST_STACK_BYTES; bytes *= 2) {
    pthread_attr_setstacksize(&attributes, bytes);
    code = pthread_create(&thread, &attributes, body, NULL);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return code;
}
