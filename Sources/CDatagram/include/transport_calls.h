// Somebody's own transport as calls through pointers, which Swift may make where `@_noAllocation` stands: that the code
// behind them keeps to it is its author's promise.
#pragma once
#include "datagram.h"

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
