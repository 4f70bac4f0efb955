// System calls of a serial port or pseudo-terminal, declared so that Swift may call them where `@_noAllocation` stands.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SP_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))

// Opens the tty at `path` for this process alone: raw, 8 bits, no parity, no flow control, `baud` bits per second (any
// rate the driver takes), low latency where the driver knows it. What it had received before is thrown away.
// Descriptor, or -errno: -EWOULDBLOCK if another process holds it, -ENOTTY if it is no tty.
SP_REALTIME int sp_open(const char *path, uint32_t baud);

// Makes a pseudo-terminal, raw, and a symbolic link to its far end at `link`; an older symbolic link is replaced.
// Returns the near end, or -errno (-EEXIST if `link` is something else). `*far` keeps the far end open, so that the
// near one outlives those that open the link.
int sp_open_pty(const char *link, int *far);

// Waits until `nanoseconds` of CLOCK_MONOTONIC (absolute): 1 if there is something to read, 0 if time is up or a signal
// came, -errno; -EIO if the line is gone.
SP_REALTIME int sp_wait(int port, uint64_t nanoseconds);

// Reads without waiting: number of bytes, 0 if there is none, -errno; -EIO if the line is gone.
SP_REALTIME long sp_read(int port, void *bytes, size_t capacity);

// Writes without waiting: 0 if all was taken, else -errno; -EAGAIN if only a part was.
SP_REALTIME int sp_write(int port, const void *bytes, size_t count);

SP_REALTIME void sp_close(int port);
