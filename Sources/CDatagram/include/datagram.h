// The few system calls of the real-time loop, declared so that Swift may call them where `@_noAllocation` stands.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define DG_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))

// An IPv4 address and port in host byte order; port 0 means "whoever the socket is connected to".
typedef struct {
  uint32_t host;
  uint16_t port;
} dg_address;

// Nanoseconds of CLOCK_MONOTONIC.
DG_REALTIME uint64_t dg_now(void);

// Sleeps until CLOCK_MONOTONIC shows `nanoseconds` (absolute, so that a late wake-up does not shift the next one).
DG_REALTIME void dg_sleep_until(uint64_t nanoseconds);

// Waits for a datagram until `nanoseconds` (absolute): 1 if one is there, 0 if time is up or a signal came, -errno.
DG_REALTIME int dg_wait(int socket, uint64_t nanoseconds);

// The same for two descriptors of any kind; a negative one is left out.
DG_REALTIME int dg_wait_either(int first, int second, uint64_t nanoseconds);

// Takes a datagram without waiting: its size, 0 if none is there, -errno. `from` tells who sent it. A datagram larger
// than `capacity` is reported with its true size, which is then larger than `capacity`.
DG_REALTIME long dg_receive(int socket, void *bytes, size_t capacity, dg_address *from);

// Sends a datagram without waiting: 0, or -errno.
DG_REALTIME int dg_send(int socket, const void *bytes, size_t count, dg_address to);
