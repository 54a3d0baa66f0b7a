/* utf8.h: is it UTF-8 (RFC 3629)? Asked piece by piece: a character may lie across two frames. */
#ifndef WS_CHAT_UTF8_H
#define WS_CHAT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where we are in a character; all zero is between two. */
struct utf8 {
    uint8_t missing;    /* bytes of this character that are still to come */
    uint8_t low, high;  /* what the next of them may be: narrower than 80..BF after E0, ED, F0 and F4 */
    uint32_t character; /* its bits so far */
};

/* Takes the next byte. Returns whether what came so far can be the beginning of UTF-8. After it, while `missing` is 0,
 * `character` is the character that is complete. */
bool utf8_take(struct utf8 *utf8, uint8_t byte);

/* Takes `length` bytes. Returns as utf8_take. */
bool utf8_take_all(struct utf8 *utf8, const uint8_t *bytes, size_t length);

/* Whether `length` bytes are UTF-8, whole characters only. */
bool utf8_valid(const uint8_t *bytes, size_t length);

#endif
