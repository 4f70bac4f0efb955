#define _GNU_SOURCE
#include "datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

uint64_t dg_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

void dg_sleep_until(uint64_t nanoseconds) {
  const struct timespec time = {(time_t)(nanoseconds / SECOND), (long)(nanoseconds % SECOND)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {}
}

int dg_wait(int socket, uint64_t nanoseconds) { return dg_wait_either(socket, -1, nanoseconds); }

int dg_wait_either(int first, int second, uint64_t nanoseconds) {
  const uint64_t now = dg_now();
  const uint64_t left = nanoseconds > now ? nanoseconds - now : 0;
  const struct timespec time = {(time_t)(left / SECOND), (long)(left % SECOND)};
  struct pollfd entries[] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
  const int count = ppoll(entries, second < 0 ? 1 : 2, &time, NULL);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  return count;
}

long dg_receive(int socket, void *bytes, size_t capacity, dg_address *from) {
  struct sockaddr_in sender = {0};
  socklen_t size = sizeof sender;
  const ssize_t count = recvfrom(socket, bytes, capacity, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&sender, &size);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  from->host = ntohl(sender.sin_addr.s_addr);
  from->port = ntohs(sender.sin_port);
  return count;
}

int dg_send(int socket, const void *bytes, size_t count, dg_address to) {
  const struct sockaddr_in peer = {
      .sin_family = AF_INET, .sin_port = htons(to.port), .sin_addr.s_addr = htonl(to.host)};
  const ssize_t sent = sendto(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL,
                              to.port ? (const struct sockaddr *)&peer : NULL, to.port ? sizeof peer : 0);
  return sent < 0 ? -errno : 0;
}

// The address that the system would send to `peer` from.
static int source_towards(const struct sockaddr_in *peer, in_addr_t *source) {
  const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return -errno;
  struct sockaddr_in own = {0};
  socklen_t size = sizeof own;
  int code = 0;
  if (connect(probe, (const struct sockaddr *)peer, sizeof *peer) != 0 ||
      getsockname(probe, (struct sockaddr *)&own, &size) != 0)
    code = -errno;
  close(probe);
  *source = own.sin_addr.s_addr;
  return code;
}

static int disconnect(int socket) {
  const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  return connect(socket, &nobody, sizeof nobody);
}

int dg_aim(int socket, dg_address peer) {
  const struct sockaddr_in wanted = {
      .sin_family = AF_INET, .sin_port = htons(peer.port), .sin_addr.s_addr = htonl(peer.host)};
  in_addr_t source;
  const int code = source_towards(&wanted, &source);
  if (code != 0) {
    (void)disconnect(socket);
    return code;
  }
  struct sockaddr_in own = {0}, present = {0};
  socklen_t size = sizeof own;
  (void)getsockname(socket, (struct sockaddr *)&own, &size);
  size = sizeof present;
  if (getpeername(socket, (struct sockaddr *)&present, &size) == 0 &&
      present.sin_addr.s_addr == wanted.sin_addr.s_addr && present.sin_port == wanted.sin_port &&
      own.sin_addr.s_addr == source)
    return 0;
  // Without this the address chosen at first would be kept.
  (void)disconnect(socket);
  return connect(socket, (const struct sockaddr *)&wanted, sizeof wanted) == 0 ? 0 : -errno;
}
