#define _GNU_SOURCE
#include "datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// An answer in one word, so that it is read whole: the address in the lower half, above it getaddrinfo's code (not
// positive) negated, and the highest bit to say that there is an answer.
#define ANSWERED (UINT64_C(1) << 63)

struct dg_resolver {
  // The thread's and the user's: the last one to go frees.
  atomic_int users;
  atomic_bool is_over;
  _Atomic uint64_t answer;
  // A question is waiting or being answered.
  atomic_bool is_asked;
  sem_t questions;
  char host[];
};

static void release(struct dg_resolver *resolver) {
  if (atomic_fetch_sub(&resolver->users, 1) > 1) return;
  sem_destroy(&resolver->questions);
  free(resolver);
}

static uint64_t look_up(const char *host) {
  const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
  struct addrinfo *list = NULL;
  const int code = getaddrinfo(host, NULL, &hints, &list);
  if (code != 0 || list == NULL) return ANSWERED | (uint64_t)(uint16_t)-(code ? code : EAI_NONAME) << 32;
  const uint32_t address = ntohl(((const struct sockaddr_in *)(const void *)list->ai_addr)->sin_addr.s_addr);
  freeaddrinfo(list);
  return ANSWERED | address;
}

static void *serve(void *context) {
  struct dg_resolver *resolver = context;
  for (;;) {
    while (sem_wait(&resolver->questions) != 0) {}
    if (atomic_load(&resolver->is_over)) break;
    atomic_store(&resolver->answer, look_up(resolver->host));
    atomic_store(&resolver->is_asked, false);
  }
  release(resolver);
  return NULL;
}

dg_resolver *dg_resolver_start(const char *host) {
  const size_t size = strlen(host) + 1;
  struct dg_resolver *resolver = calloc(1, sizeof *resolver + size);
  if (resolver == NULL) return NULL;
  memcpy(resolver->host, host, size);
  atomic_store(&resolver->users, 2);
  sem_init(&resolver->questions, 0, 0);
  struct in_addr number;
  if (inet_pton(AF_INET, host, &number) == 1) {
    atomic_store(&resolver->answer, ANSWERED | ntohl(number.s_addr));
    atomic_store(&resolver->is_asked, true);
    release(resolver);
    return resolver;
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  // The process may lock all its memory: not eight megabytes for this. Name services take some ten kilobytes.
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  // Signals are for the threads that handle them.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int code = pthread_create(&thread, &attributes, serve, resolver);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (code == 0) {
    dg_resolver_ask(resolver);
    return resolver;
  }
  release(resolver);
  release(resolver);
  errno = code;
  return NULL;
}

void dg_resolver_end(dg_resolver *resolver) {
  atomic_store(&resolver->is_over, true);
  sem_post(&resolver->questions);
  release(resolver);
}

void dg_resolver_ask(dg_resolver *resolver) {
  if (!atomic_exchange(&resolver->is_asked, true)) sem_post(&resolver->questions);
}

bool dg_resolver_answer(const dg_resolver *resolver, uint32_t *host, int *code) {
  const uint64_t answer = atomic_load(&resolver->answer);
  *host = (uint32_t)answer;
  *code = -(int)(answer >> 32 & 0xFFFF);
  return answer & ANSWERED;
}
