#include "frame.h"

// Table of the CRC: byte i moved through the polynomial, as a sum (xor) over the bits of i.
#define BIT(i, bit, value) (((i) >> (bit)) & 1 ? value##u : 0u)
#define T1(i)                                                                                                  \
  (BIT(i, 0, 0xF26B8303) ^ BIT(i, 1, 0xE13B70F7) ^ BIT(i, 2, 0xC79A971F) ^ BIT(i, 3, 0x8AD958CF) ^             \
   BIT(i, 4, 0x105EC76F) ^ BIT(i, 5, 0x20BD8EDE) ^ BIT(i, 6, 0x417B1DBC) ^ BIT(i, 7, 0x82F63B78))
#define T4(i) T1(i), T1((i) + 1), T1((i) + 2), T1((i) + 3)
#define T16(i) T4(i), T4((i) + 4), T4((i) + 8), T4((i) + 12)
#define T64(i) T16(i), T16((i) + 16), T16((i) + 32), T16((i) + 48)
static const uint32_t table[256] = {T64(0), T64(64), T64(128), T64(192)};

uint32_t rp_crc32c(const void *bytes, size_t count) {
  const uint8_t *at = bytes;
  uint32_t crc = 0xFFFFFFFFu;
  while (count--) crc = table[(crc ^ *at++) & 0xFF] ^ (crc >> 8);
  return crc ^ 0xFFFFFFFFu;
}

static void *take(void *data, size_t size) {
  rp_arena *arena = data;
  const size_t start = (arena->used + 15) & ~(size_t)15;
  if (start > arena->capacity || size > arena->capacity - start) {
    arena->failures += 1;
    return NULL;
  }
  arena->used = start + size;
  return arena->bytes + start;
}

// The arena is emptied as a whole before the next frame.
static void give_back(void *data, void *memory) {
  (void)data;
  (void)memory;
}

const Robot__Frame *rp_unpack(rp_arena *arena, const void *bytes, size_t count) {
  ProtobufCAllocator allocator = {.alloc = take, .free = give_back, .allocator_data = arena};
  arena->used = 0;
  return robot__frame__unpack(&allocator, count, bytes);
}

size_t rp_pack(const Robot__Frame *frame, void *bytes, size_t capacity) {
  if (robot__frame__get_packed_size(frame) > capacity) return 0;
  return robot__frame__pack(frame, bytes);
}
