#include "include/datagram.h"

size_t dg_transport_receive(const dg_transport *transport, void *bytes, size_t capacity) {
  return transport->receive(transport->owner, bytes, capacity);
}

bool dg_transport_send(const dg_transport *transport, const void *bytes, size_t count) {
  return transport->send(transport->owner, bytes, count);
}

void dg_transport_wait(const dg_transport *transport, uint64_t nanoseconds) {
  transport->wait(transport->owner, nanoseconds);
}
