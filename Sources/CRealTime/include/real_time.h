// The system's real-time services that Swift cannot reach: thread policy, CPU sets, memory locks, stack.
#pragma once
#include <stdint.h>

// Each returns 0, or the errno of the refusal.

// Keeps all pages of the process, present and future, in memory, and malloc from giving any back.
int rt_lock_memory(void);

// Runs the calling thread under SCHED_FIFO with `priority` 1 … 99.
int rt_set_fifo(int priority);

// Binds the calling thread to one CPU.
int rt_set_cpu(int cpu);

// Asks for no power state that takes longer than 0 µs to leave, as long as the process lives.
int rt_forbid_deep_sleep(void);

// Touches `bytes` of the calling thread's stack, so that no page of it is new to the loop. At most 256 KiB.
void rt_touch_stack(uint32_t bytes);

// Starts a thread with `stackBytes` of stack that runs `body(context)`; 0 or errno. Join it with rt_join.
int rt_start(void (*body)(void *), void *context, uint32_t stackBytes, uint64_t *thread);
void rt_join(uint64_t thread);

// Blocks SIGINT, SIGTERM and SIGHUP in the calling thread and in those it starts.
void rt_block_signals(void);

// Waits at most `milliseconds` for one of them: its number, or 0.
int rt_wait_signal(int milliseconds);
