#include "framing.h"

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

size_t rp_seal(uint8_t *bytes, size_t count) {
  const uint32_t checksum = rp_crc32c(bytes, count);
  for (int i = 0; i < RP_SEAL_BYTES; i++) bytes[count + i] = (uint8_t)(checksum >> 8 * i);
  return count + RP_SEAL_BYTES;
}

int rp_is_sealed(const uint8_t *bytes, size_t count) {
  if (count < RP_SEAL_BYTES) return 0;
  uint32_t checksum = 0;
  for (int i = 0; i < RP_SEAL_BYTES; i++) checksum |= (uint32_t)bytes[count - RP_SEAL_BYTES + i] << 8 * i;
  return rp_crc32c(bytes, count - RP_SEAL_BYTES) == checksum;
}

size_t rp_line_encode(const uint8_t *bytes, size_t count, uint8_t *line) {
  size_t at = 0;
  line[at++] = 0;
  // A block is its length and the bytes up to the next zero, which the length stands for; 255 means none follows.
  size_t block = at++;
  for (size_t i = 0; i < count; i++) {
    if (bytes[i]) line[at++] = bytes[i];
    if (!bytes[i] || (at - block == 255 && i + 1 < count)) {
      line[block] = (uint8_t)(at - block);
      block = at++;
    }
  }
  line[block] = (uint8_t)(at - block);
  line[at++] = 0;
  return at;
}

static void put(rp_line_decoder *decoder, uint8_t byte) {
  if (decoder->count == decoder->capacity)
    decoder->overflowed = 1;
  else
    decoder->bytes[decoder->count++] = byte;
}

rp_line_event rp_line_push(rp_line_decoder *decoder, uint8_t byte) {
  if (!byte) {
    if (!decoder->started) return RP_LINE_NOTHING;
    const rp_line_event event = decoder->overflowed               ? RP_LINE_TOO_LONG
                                : decoder->left || !decoder->count ? RP_LINE_BROKEN
                                                                   : RP_LINE_FRAME;
    decoder->started = decoder->overflowed = decoder->left = decoder->zero = 0;
    return event;
  }
  if (!decoder->started) {
    decoder->started = 1;
    decoder->count = 0;
  }
  if (decoder->left) {
    put(decoder, byte);
    decoder->left -= 1;
  } else {
    if (decoder->zero) put(decoder, 0);
    decoder->left = (uint8_t)(byte - 1);
    decoder->zero = byte != 255;
  }
  return RP_LINE_NOTHING;
}

size_t rp_line_feed(rp_line_decoder *decoder, const uint8_t *bytes, size_t count, rp_line_event *event) {
  for (size_t i = 0; i < count; i++) {
    *event = rp_line_push(decoder, bytes[i]);
    if (*event != RP_LINE_NOTHING) return i + 1;
  }
  *event = RP_LINE_NOTHING;
  return count;
}
