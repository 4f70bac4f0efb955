#include "frame.h"

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
