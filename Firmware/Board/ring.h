// A ring of bytes between an interrupt and the main loop: one writes, the other reads, nobody locks.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { RING_BYTES = 4096 };  // a power of two

typedef struct {
  volatile uint32_t head, tail;  // written, read; counted on forever
  uint8_t bytes[RING_BYTES];
} ring;

static inline uint32_t ring_count(const ring *r) { return r->head - r->tail; }

static inline void ring_put(ring *r, uint8_t byte) {
  r->bytes[r->head % RING_BYTES] = byte;
  __asm__ volatile("" ::: "memory");
  r->head += 1;
}

static inline uint8_t ring_get(ring *r) {
  const uint8_t byte = r->bytes[r->tail % RING_BYTES];
  __asm__ volatile("" ::: "memory");
  r->tail += 1;
  return byte;
}
