// A second thread that takes half of a plan's work: spins while a plan is made, sleeps otherwise.
//
// No locks. While the helper is awake an order costs no system call; waking it costs one per plan.
#pragma once

#include <stdint.h>

#include "elementary.h"

typedef struct ck_helper ck_helper;

/// Starts a thread that calls `body(context)` once for each order, asleep until woken. NULL if the system refuses it,
/// and its errno in `error`; EAGAIN too if this process may use one CPU only, where spinning would keep the work from
/// being done.
ck_helper *ck_helper_start(void (*body)(void *context), void *context, int *error);

/// Ends the thread and waits for that. No order may be under way.
void ck_helper_stop(ck_helper *helper);

/// The thread's pthread_t, to set its priority and CPU.
uint64_t ck_helper_thread(const ck_helper *helper);

/// Calls `visit(context)` on the helper's thread, which must be asleep, and waits for that: for what can only be
/// counted or set by a thread itself. Not in the cycle.
void ck_helper_visit(ck_helper *helper, void (*visit)(void *context), void *context);

/// Wakes the helper, which then spins for orders until `ck_helper_rest`.
CK_REALTIME void ck_helper_wake(ck_helper *helper);
CK_REALTIME void ck_helper_rest(ck_helper *helper);

/// Orders one call of `body`. All that was written before is visible to it.
CK_REALTIME void ck_helper_order(ck_helper *helper);

/// Returns when the order is done: spins if the helper has begun it, else does it here. All that `body` wrote is
/// visible.
CK_REALTIME void ck_helper_finish(ck_helper *helper);
