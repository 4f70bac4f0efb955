#define _GNU_SOURCE
#include "include/virtual_clock.h"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

// 0: the system's clock.
static __thread uint64_t shown;
static __thread uint64_t cost;
static int (*system_clock)(clockid_t clock, struct timespec *time);

__attribute__((constructor)) static void find_system_clock(void) {
  *(void **)&system_clock = dlsym(RTLD_NEXT, "clock_gettime");
}

void vc_begin(uint64_t nanoseconds) {
  shown = nanoseconds;
  cost = 0;
}

void vc_advance(uint64_t nanoseconds) { shown += nanoseconds; }

void vc_set_cost(uint64_t nanoseconds) { cost = nanoseconds; }

uint64_t vc_now(void) { return shown; }

void vc_end(void) { shown = 0; }

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (shown && clock == CLOCK_MONOTONIC) {
    shown += cost;
    *time = (struct timespec){(time_t)(shown / SECOND), (long)(shown % SECOND)};
    return 0;
  }
  // Others may ask before this program's constructors have run.
  return system_clock ? system_clock(clock, time) : (int)syscall(SYS_clock_gettime, clock, time);
}
