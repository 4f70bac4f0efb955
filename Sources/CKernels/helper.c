// The helper thread: an order is a count; the first thread to raise `taken` to it takes the order.

#define _GNU_SOURCE
#include "include/helper.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { asleep, awake, visited, ended };

struct ck_helper {
  void (*body)(void *);
  void *context;
  void (*visit)(void *);
  void *visitor;
  pthread_t thread;
  // A cache line each: the two threads write different ones.
  _Alignas(64) _Atomic uint32_t state;
  _Alignas(64) _Atomic uint32_t ordered;
  _Alignas(64) _Atomic uint32_t taken;
  _Alignas(64) _Atomic uint32_t done;
};

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Does the order if nobody has taken it.
static int take(ck_helper *helper) {
  const uint32_t order = atomic_load_explicit(&helper->ordered, memory_order_acquire);
  uint32_t before = order - 1;
  // Looking first keeps the line from moving to and fro while there is nothing to do.
  if (atomic_load_explicit(&helper->taken, memory_order_relaxed) != before) return 0;
  if (!atomic_compare_exchange_strong_explicit(&helper->taken, &before, order, memory_order_acquire,
                                               memory_order_relaxed)) {
    return 0;
  }
  helper->body(helper->context);
  atomic_store_explicit(&helper->done, order, memory_order_release);
  return 1;
}

/// Writes to the stack that the body will use, so that no page of it is new in a plan.
static void touch_stack(void) {
  volatile char stack[128 * 1024];
  for (size_t i = 0; i < sizeof stack; i += 1024) stack[i] = 0;
}

static void wait_while(ck_helper *helper, uint32_t state) {
  syscall(SYS_futex, &helper->state, FUTEX_WAIT_PRIVATE, state, NULL, NULL, 0);
}

static void wake(ck_helper *helper) { syscall(SYS_futex, &helper->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

static void *serve(void *data) {
  ck_helper *helper = data;
  touch_stack();
  for (;;) {
    const uint32_t state = atomic_load_explicit(&helper->state, memory_order_acquire);
    if (state == ended) return NULL;
    if (state == asleep) {
      wait_while(helper, asleep);
    } else if (state == visited) {
      helper->visit(helper->visitor);
      atomic_store_explicit(&helper->state, asleep, memory_order_release);
      wake(helper);
    } else if (!take(helper)) {
      relax();
    }
  }
}

ck_helper *ck_helper_start(void (*body)(void *), void *context, int *error) {
  cpu_set_t usable;
  *error = EAGAIN;
  if (sched_getaffinity(0, sizeof usable, &usable) == 0 && CPU_COUNT(&usable) < 2) return NULL;
  ck_helper *helper = aligned_alloc(64, sizeof *helper);
  *error = ENOMEM;
  if (!helper) return NULL;
  memset(helper, 0, sizeof *helper);
  helper->body = body;
  helper->context = context;
  // Signals are for the threads that others started.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 512 * 1024);
  *error = pthread_create(&helper->thread, &attributes, serve, helper);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (*error) {
    free(helper);
    return NULL;
  }
  return helper;
}

static void set_state(ck_helper *helper, uint32_t state) {
  atomic_store_explicit(&helper->state, state, memory_order_release);
  if (state != asleep) wake(helper);
}

void ck_helper_stop(ck_helper *helper) {
  set_state(helper, ended);
  pthread_join(helper->thread, NULL);
  free(helper);
}

uint64_t ck_helper_thread(const ck_helper *helper) { return (uint64_t)helper->thread; }

void ck_helper_visit(ck_helper *helper, void (*visit)(void *), void *context) {
  helper->visit = visit;
  helper->visitor = context;
  set_state(helper, visited);
  while (atomic_load_explicit(&helper->state, memory_order_acquire) == visited) wait_while(helper, visited);
}

void ck_helper_wake(ck_helper *helper) { set_state(helper, awake); }

void ck_helper_rest(ck_helper *helper) { set_state(helper, asleep); }

void ck_helper_order(ck_helper *helper) { atomic_fetch_add_explicit(&helper->ordered, 1, memory_order_release); }

void ck_helper_finish(ck_helper *helper) {
  if (take(helper)) return;
  const uint32_t order = atomic_load_explicit(&helper->ordered, memory_order_relaxed);
  while (atomic_load_explicit(&helper->done, memory_order_acquire) != order) relax();
}
