// The few system calls of the real-time loop, declared so that Swift may call them where `@_noAllocation` stands.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))

// An IPv4 address and port in host byte order; port 0 means "the peer that the socket is connected to".
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

// Connects the socket to `peer`, or anew if the system would now send from another address of this machine or if it is
// connected elsewhere; its port changes then. 0, or -errno, after which it is connected to nobody.
DG_REALTIME int dg_aim(int socket, dg_address peer);

// Looks up a host name on a thread of its own, because that can take seconds.
typedef struct dg_resolver dg_resolver;

// Starts looking for the host's IPv4 address, as a number or a name. NULL, and errno, if there is no
// memory or thread for it.
dg_resolver *dg_resolver_start(const char *host);
void dg_resolver_end(dg_resolver *resolver);

// Asks for the name to be looked up again, unless that is being done.
DG_REALTIME void dg_resolver_ask(dg_resolver *resolver);

// The last answer, if there has been one: the address in host byte order and 0, or getaddrinfo's code.
DG_REALTIME bool dg_resolver_answer(const dg_resolver *resolver, uint32_t *host, int *code);

// A user's own transport as calls through pointers, which Swift may make where `@_noAllocation` stands: that the code
// behind them keeps to it is its author's promise.
typedef struct {
  void *owner;
  // Takes a frame that has come, without waiting: its size, which is larger than `capacity` if it was cut; 0: none.
  size_t (*receive)(void *owner, void *bytes, size_t capacity);
  // Sends a frame without waiting; false if it was not taken.
  bool (*send)(void *owner, const void *bytes, size_t count);
  // Waits until a frame has come or CLOCK_MONOTONIC shows `nanoseconds`.
  void (*wait)(void *owner, uint64_t nanoseconds);
} dg_transport;

DG_REALTIME size_t dg_transport_receive(const dg_transport *transport, void *bytes, size_t capacity);
DG_REALTIME bool dg_transport_send(const dg_transport *transport, const void *bytes, size_t count);
DG_REALTIME void dg_transport_wait(const dg_transport *transport, uint64_t nanoseconds);
