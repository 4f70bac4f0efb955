// Sealing datagrams: the few calls of libsodium that the link makes, declared so that Swift may call them where
// `@_noAllocation` stands. None of them takes memory, locks or fails.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SEAL_REALTIME __attribute__((swift_attr("@_noAllocation"), swift_attr("@_noLocks")))

enum { SEAL_KEY_BYTES = 32, SEAL_NONCE_BYTES = 16, SEAL_TAG_BYTES = 16 };

// Readies the library: once, before everything else. 0, or -1 where the machine has no source of chance.
int seal_start(void);

// `count` bytes that nobody can foretell.
SEAL_REALTIME void seal_random(uint8_t *bytes, size_t count);

// The first `count` (16 … 64) bytes of what only a holder of `key` can know of `text`: keyed BLAKE2b (RFC 7693).
SEAL_REALTIME void seal_digest(const uint8_t *key, const uint8_t *text, size_t text_count, uint8_t *digest,
                               size_t count);

// Whether two tags, or two nonces, are the same, in a time that does not tell where they differ.
SEAL_REALTIME int seal_is_equal(const uint8_t *first, const uint8_t *second);

// Encrypts `count` bytes and appends the tag over them and `header`: ChaCha20-Poly1305 (RFC 8439), whose nonce is four
// zeros and `counter`, little endian. No key may see a counter twice.
SEAL_REALTIME void seal_close(const uint8_t *key, uint64_t counter, const uint8_t *header, size_t header_count,
                              const uint8_t *plain, size_t count, uint8_t *sealed);

// Undoes that for `count` bytes, tag included: 1, or 0 and nothing to rely on in `plain` if the tag does not fit.
SEAL_REALTIME int seal_open(const uint8_t *key, uint64_t counter, const uint8_t *header, size_t header_count,
                            const uint8_t *sealed, size_t count, uint8_t *plain);
