/* harmless.h: text from the network made fit for a terminal. A chat partner could otherwise move the cursor, change the
 * window's title, or write a line that looks like somebody else's. */
#ifndef WS_CHAT_HARMLESS_H
#define WS_CHAT_HARMLESS_H

#include <stddef.h>
#include <stdint.h>

/* Room for the text of `n` bytes, with the final zero: a byte becomes four characters at most. */
#define HARMLESS_SIZE(n) ((n)*4 + 1)

/* Writes `length` bytes as text into `text` (HARMLESS_SIZE(length) bytes): bytes that are no UTF-8, control characters,
 * and those that turn the direction of writing, as \xNN. Returns the length of what was written. */
size_t harmless(const uint8_t *bytes, size_t length, char *text);

#endif
