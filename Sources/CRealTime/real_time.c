#define _GNU_SOURCE
#include "real_time.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int rt_lock_memory(void) {
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_MMAP_MAX, 0);
  return mlockall(MCL_CURRENT | MCL_FUTURE) ? errno : 0;
}

int rt_set_fifo(int priority) {
  const struct sched_param parameters = {.sched_priority = priority};
  return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
}

int rt_set_cpu(int cpu) {
  if (cpu < 0 || cpu >= CPU_SETSIZE) return EINVAL;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int rt_forbid_deep_sleep(void) {
  const int file = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const int32_t microseconds = 0;
  // The request holds while the file is open: it is never closed.
  return write(file, &microseconds, sizeof microseconds) == sizeof microseconds ? 0 : errno;
}

void rt_touch_stack(uint32_t bytes) {
  volatile char stack[256 * 1024];
  for (uint32_t index = 0; index < bytes && index < sizeof stack; index += 1024) stack[index] = 0;
}

struct start {
  void (*body)(void *);
  void *context;
};

static void *run(void *data) {
  const struct start start = *(struct start *)data;
  free(data);
  start.body(start.context);
  return NULL;
}

int rt_start(void (*body)(void *), void *context, uint32_t stackBytes, uint64_t *thread) {
  struct start *const start = malloc(sizeof *start);
  if (!start) return ENOMEM;
  *start = (struct start){body, context};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  pthread_t identifier;
  const int code = pthread_create(&identifier, &attributes, run, start);
  pthread_attr_destroy(&attributes);
  if (code) free(start);
  *thread = (uint64_t)identifier;
  return code;
}

void rt_join(uint64_t thread) { pthread_join((pthread_t)thread, NULL); }

static sigset_t ending(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

void rt_block_signals(void) {
  const sigset_t set = ending();
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int rt_wait_signal(int milliseconds) {
  const sigset_t set = ending();
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  const int signal = sigtimedwait(&set, NULL, &time);
  return signal > 0 ? signal : 0;
}
