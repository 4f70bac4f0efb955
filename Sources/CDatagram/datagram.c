#define _GNU_SOURCE
#include "datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

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
