/* sha1.h: SHA-1 (RFC 3174), which RFC 6455 asks for in the opening handshake. It is no longer fit for signatures;
 * there it only shows that the server has understood the request. */
#ifndef WS_CHAT_SHA1_H
#define WS_CHAT_SHA1_H

#include <stddef.h>
#include <stdint.h>

enum { SHA1_SIZE = 20 };

/* Writes the digest of `length` bytes into `digest`. */
void sha1(const void *bytes, size_t length, uint8_t digest[SHA1_SIZE]);

#endif
