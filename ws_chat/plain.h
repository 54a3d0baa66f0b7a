/* plain.h: text from strangers made fit for a terminal, which obeys control characters. */
#ifndef WS_CHAT_PLAIN_H
#define WS_CHAT_PLAIN_H

#include <stddef.h>

/* Writes `length` bytes into `plain` (`size` bytes), as much as fits, and returns it: control characters, what changes
 * the direction of writing, and what is not UTF-8 become '?'. */
char *plain_text(const void *bytes, size_t length, char *plain, size_t size);

#endif
