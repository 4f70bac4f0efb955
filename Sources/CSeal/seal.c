#include "seal.h"

#include <sodium.h>

_Static_assert(SEAL_KEY_BYTES == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(SEAL_TAG_BYTES == SEAL_NONCE_BYTES, "seal_is_equal compares either");
enum { NONCE_BYTES = crypto_aead_chacha20poly1305_ietf_NPUBBYTES };

int seal_start(void) { return sodium_init() < 0 ? -1 : 0; }

void seal_random(uint8_t *bytes, size_t count) { randombytes_buf(bytes, count); }

void seal_digest(const uint8_t *key, const uint8_t *text, size_t text_count, uint8_t *digest, size_t count) {
  crypto_generichash(digest, count, text, text_count, key, SEAL_KEY_BYTES);
}

int seal_is_equal(const uint8_t *first, const uint8_t *second) {
  return sodium_memcmp(first, second, SEAL_TAG_BYTES) == 0;
}

static void make_nonce(uint64_t counter, uint8_t nonce[NONCE_BYTES]) {
  for (int index = 0; index < NONCE_BYTES; index++)
    nonce[index] = index < 4 ? 0 : (uint8_t)(counter >> 8 * (index - 4));
}

void seal_close(const uint8_t *key, uint64_t counter, const uint8_t *header, size_t header_count, const uint8_t *plain,
                size_t count, uint8_t *sealed) {
  uint8_t nonce[NONCE_BYTES];
  make_nonce(counter, nonce);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, plain, count, header, header_count, NULL, nonce, key);
}

int seal_open(const uint8_t *key, uint64_t counter, const uint8_t *header, size_t header_count, const uint8_t *sealed,
              size_t count, uint8_t *plain) {
  uint8_t nonce[NONCE_BYTES];
  make_nonce(counter, nonce);
  return crypto_aead_chacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed, count, header, header_count, nonce,
                                                   key) == 0;
}
