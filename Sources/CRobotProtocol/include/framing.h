// Checksum and serial framing, for every machine: no allocation, no system call, no library. The controller and the
// Cortex-M firmware compile this very source; keep it that way (freestanding C11, <stddef.h> and <stdint.h> alone).
//
// On a serial line each sealed frame travels as   0 | COBS of (frame, CRC-32C) | 0.   COBS (Cheshire and Baker, 1999)
// leaves no zero in between, so that a zero always starts anew: whatever damage came before, the next whole frame is
// read.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Tells the Swift compiler that a C function may be called where `@_noAllocation @_noLocks` stand.
#if defined(__clang__)
#define RP_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))
#else
#define RP_REALTIME
#endif

enum {
  // Bytes of the checksum.
  RP_SEAL_BYTES = 4,
};

// Most bytes that `count` bytes take on the line.
#define RP_LINE_BYTES(count) ((count) + (count) / 254 + 3)

// CRC-32C (Castagnoli, reflected; initial value and final xor all ones) of `count` bytes.
RP_REALTIME uint32_t rp_crc32c(const void *bytes, size_t count);

// Appends the checksum of `count` bytes, for which there is room; the new number of bytes.
RP_REALTIME size_t rp_seal(uint8_t *bytes, size_t count);

// Whether the last four of `count` bytes are the checksum of those before.
RP_REALTIME int rp_is_sealed(const uint8_t *bytes, size_t count);

// Writes `count` bytes as they travel on the line, both delimiters included, to `line`, which has room for
// RP_LINE_BYTES(count); their number.
RP_REALTIME size_t rp_line_encode(const uint8_t *bytes, size_t count, uint8_t *line);

// Takes a stream apart. `bytes` and `capacity` are the caller's; everything else starts as 0.
typedef struct {
  uint8_t *bytes;
  size_t capacity;
  // Bytes of the present frame so far; of the whole frame when one has just ended.
  size_t count;
  // Data bytes left in the present block, and whether a zero follows it.
  uint8_t left, zero;
  uint8_t started, overflowed;
} rp_line_decoder;

typedef enum {
  // Nothing has ended.
  RP_LINE_NOTHING,
  // `count` bytes lie in `bytes` until the next call.
  RP_LINE_FRAME,
  // A piece of a frame has ended: bytes are missing, or it is empty.
  RP_LINE_BROKEN,
  // More bytes than `capacity` have ended.
  RP_LINE_TOO_LONG,
} rp_line_event;

// Takes one byte in.
RP_REALTIME rp_line_event rp_line_push(rp_line_decoder *decoder, uint8_t byte);

// Takes bytes in until something ends; how many were taken. `*event` tells what ended.
RP_REALTIME size_t rp_line_feed(rp_line_decoder *decoder, const uint8_t *bytes, size_t count, rp_line_event *event);
