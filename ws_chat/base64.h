/* base64.h: bytes as text (RFC 4648, section 4). */
#ifndef WS_CHAT_BASE64_H
#define WS_CHAT_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Room for the text of `n` bytes and its final zero. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Writes the text of `length` bytes into `text` (BASE64_SIZE(length) bytes) and returns it. */
char *base64_encode(const uint8_t *bytes, size_t length, char *text);

/* Writes what `text` stands for into `bytes`, at most `size` bytes. Returns their number; -1 where it is no base64 of
 * the canonical form (padding missing, bits set that no byte has), or longer. */
int base64_decode(const char *text, uint8_t *bytes, size_t size);

#endif
