/* http.h: the head of an HTTP/1.1 message, request or response (RFC 9112), read without trust. */
#ifndef WS_CHAT_HTTP_H
#define WS_CHAT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_FIELDS = 64 };

struct http_field {
    const char *name, *value; /* the value without blanks at its ends */
};

/* Points into the bytes that were parsed. */
struct http_head {
    const char *word[3]; /* the first line: method, target, version; or version, status, reason */
    struct http_field fields[HTTP_FIELDS];
    size_t field_count;
};

/* Looks for the end of a head, the first empty line, in bytes of which the first `seen` were looked at before.
 * Returns the length of the head with that line; 0 while it has not come; -1 where a byte can't be part of any. */
long http_head_length(const char *bytes, size_t length, size_t seen);

/* Takes a whole head apart, in place: line ends become zeros. Returns 0, or the status to answer with: 400 for what is
 * no HTTP, 431 for too many fields. `bytes` ends with the empty line. */
int http_parse(char *bytes, size_t length, struct http_head *head);

/* The value of the field `name`; NULL where there is none, or where there is more than one. *count, if not NULL,
 * gets their number. */
const char *http_field(const struct http_head *head, const char *name, size_t *count);

/* Whether one of the fields `name` has `token` in its list, in capitals or not: "Connection: keep-alive, Upgrade". */
bool http_has_token(const struct http_head *head, const char *name, const char *token);

#endif
