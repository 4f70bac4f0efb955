// Packs and unpacks frames in fixed memory: protobuf-c behind an allocator that hands out one buffer and never the
// heap.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "framing.h"
#include "robot.pb-c.h"

// Memory for one unpacked frame, emptied before each. `failures` counts the requests it could not serve.
typedef struct {
  uint8_t *bytes;
  size_t capacity;
  size_t used;
  uint64_t failures;
} rp_arena;

// The frame in `bytes`, living in `arena` until the next call; NULL if it is malformed or does not fit (then
// `arena->failures` has grown).
RP_REALTIME const Robot__Frame *rp_unpack(rp_arena *arena, const void *bytes, size_t count);

// Serialises `frame` to `bytes`; the number of bytes, 0 if they would be more than `capacity`.
RP_REALTIME size_t rp_pack(const Robot__Frame *frame, void *bytes, size_t capacity);

// Empty messages, ready to be filled in.
RP_REALTIME static inline Robot__Frame rp_frame(void) { return (Robot__Frame)ROBOT__FRAME__INIT; }
RP_REALTIME static inline Robot__Hello rp_hello(void) { return (Robot__Hello)ROBOT__HELLO__INIT; }
RP_REALTIME static inline Robot__Description rp_description(void) {
  return (Robot__Description)ROBOT__DESCRIPTION__INIT;
}
RP_REALTIME static inline Robot__Observation rp_observation(void) {
  return (Robot__Observation)ROBOT__OBSERVATION__INIT;
}
RP_REALTIME static inline Robot__Action rp_action(void) { return (Robot__Action)ROBOT__ACTION__INIT; }
RP_REALTIME static inline Robot__Status rp_status(void) { return (Robot__Status)ROBOT__STATUS__INIT; }
RP_REALTIME static inline Robot__Channel rp_channel(void) { return (Robot__Channel)ROBOT__CHANNEL__INIT; }
RP_REALTIME static inline Robot__TaskRequest rp_task_request(void) {
  return (Robot__TaskRequest)ROBOT__TASK_REQUEST__INIT;
}
RP_REALTIME static inline Robot__Clock rp_clock(void) { return (Robot__Clock)ROBOT__CLOCK__INIT; }

// `value` as 64 bits. Swift 6.3's own conversion drags code that allocates into the firmware of a 32-bit processor.
RP_REALTIME static inline uint64_t rp_wide(uint32_t value) { return value; }
