#define _GNU_SOURCE
#include "real_time.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

void rt_return_large_blocks(void) { mallopt(M_MMAP_THRESHOLD, 64 * 1024); }

int rt_lock_memory(void) {
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_MMAP_MAX, 0);
  return mlockall(MCL_CURRENT | MCL_FUTURE) ? errno : 0;
}

static int release(struct dl_phdr_info *object, size_t size, void *name) {
  (void)size;
  const char *const slash = strrchr(object->dlpi_name, '/');
  if (!slash || strncmp(slash + 1, name, strlen(name)) != 0) return 0;
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *const part = &object->dlpi_phdr[index];
    // What is written to stays: it cannot be read from the file again.
    if (part->p_type != PT_LOAD || part->p_flags & PF_W) continue;
    const uintptr_t start = (object->dlpi_addr + part->p_vaddr) & ~(page - 1);
    const uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_memsz;
    munlock((void *)start, end - start);
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void rt_release_library(const char *name) { dl_iterate_phdr(release, (void *)name); }

int rt_set_fifo(uint64_t thread, int priority) {
  const struct sched_param parameters = {.sched_priority = priority};
  return pthread_setschedparam((pthread_t)thread, SCHED_FIFO, &parameters);
}

int rt_set_cpu(uint64_t thread, int cpu) {
  if (cpu < 0 || cpu >= CPU_SETSIZE) return EINVAL;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np((pthread_t)thread, sizeof set, &set);
}

uint64_t rt_self(void) { return (uint64_t)pthread_self(); }

int rt_other_cpu(int cpu) {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable)) return -1;
  for (int other = 0; other < CPU_SETSIZE; other++) {
    if (other != cpu && CPU_ISSET(other, &usable)) return other;
  }
  return -1;
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
  // From this frame on: stacks grow downwards, and the array's end is what the loop's own frames will use first.
  for (uint32_t index = 0; index < bytes && index < sizeof stack; index += 1024) stack[sizeof stack - 1 - index] = 0;
}

struct rt_usage rt_thread_usage(void) {
  struct rusage usage = {0};
  getrusage(RUSAGE_THREAD, &usage);
  return (struct rt_usage){usage.ru_minflt, usage.ru_majflt, usage.ru_nivcsw};
}

// The first `size` − 1 characters of a file of /proc, without stdio's buffers; empty if it cannot be read.
static void read_text(const char *path, char *text, size_t size) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t count = file < 0 ? 0 : read(file, text, size - 1);
  text[count > 0 ? count : 0] = 0;
  if (file >= 0) close(file);
}

uint64_t rt_resident_bytes(void) {
  char text[256];
  read_text("/proc/self/statm", text, sizeof text);
  unsigned long long total, resident;
  return sscanf(text, "%llu %llu", &total, &resident) == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t rt_process_age(void) {
  char text[1024];
  read_text("/proc/self/stat", text, sizeof text);
  // Field 22, counted from behind the name, which may hold anything.
  const char *field = strrchr(text, ')');
  for (int number = 2; field && number < 22; number++) field = strchr(field + 1, ' ');
  unsigned long long start;
  if (!field || sscanf(field, " %llu", &start) != 1) return 0;
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  const uint64_t nanoseconds = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  return nanoseconds - start * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
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

// Those that end a program, and SIGUSR1, by which a person lifts a latch.
static sigset_t awaited(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  // A program started with nohup is to outlive its terminal; a signal that is waited for comes all the same.
  struct sigaction hangup;
  if (sigaction(SIGHUP, NULL, &hangup) || hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
  return set;
}

void rt_block_signals(void) {
  const sigset_t set = awaited();
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int rt_wait_signal(int milliseconds) {
  const sigset_t set = awaited();
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  const int signal = sigtimedwait(&set, NULL, &time);
  return signal > 0 ? signal : 0;
}
