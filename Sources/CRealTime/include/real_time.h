// The system's real-time services that Swift cannot reach: thread policy, CPU sets, memory locks, stack.
#pragma once
#include <stdint.h>

// From now on malloc gives large blocks back to the system as soon as they are freed: what loading took is gone before
// the memory is locked.
void rt_return_large_blocks(void);

// Each of these returns 0, or the errno of the refusal.

// Keeps all pages of the process, present and future, in memory, and malloc from giving any back.
int rt_lock_memory(void);

// Gives back the memory of the code of a loaded library whose file's name begins so, locked or not. It is read from the
// file again where it is run again: for libraries that only start and end of a program need.
void rt_release_library(const char *name);

// Runs a thread (a pthread_t) under SCHED_FIFO with `priority` 1 … 99.
int rt_set_fifo(uint64_t thread, int priority);

// Binds a thread to one CPU.
int rt_set_cpu(uint64_t thread, int cpu);

// The calling thread.
uint64_t rt_self(void);

// The first CPU other than `cpu` that the calling thread may use; -1 where there is none.
int rt_other_cpu(int cpu);

// Asks for no power state that takes longer than 0 µs to leave, as long as the process lives.
int rt_forbid_deep_sleep(void);

// Touches `bytes` of the calling thread's stack, so that no page of it is new to the loop. At most 256 KiB.
void rt_touch_stack(uint32_t bytes);

// What the system counted for the calling thread since its start.
struct rt_usage {
  uint64_t minorFaults, majorFaults, involuntarySwitches;
};
struct rt_usage rt_thread_usage(void);

// Bytes of the process that lie in memory now; 0 where /proc does not say.
uint64_t rt_resident_bytes(void);

// Nanoseconds since the process was started, to the system's tick (10 ms); 0 where /proc does not say.
uint64_t rt_process_age(void);

// Starts a thread with `stackBytes` of stack that runs `body(context)`; 0 or errno. Join it with rt_join.
int rt_start(void (*body)(void *), void *context, uint32_t stackBytes, uint64_t *thread);
void rt_join(uint64_t thread);

// Blocks SIGINT, SIGTERM, SIGUSR1 and (unless it is ignored, as under nohup) SIGHUP in the calling thread and in those
// it starts.
void rt_block_signals(void);

// Waits at most `milliseconds` for one of them: its number, or 0.
int rt_wait_signal(int milliseconds);
