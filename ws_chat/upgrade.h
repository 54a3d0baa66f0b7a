/* upgrade.h: what a request gets for an answer, and the opening handshake (RFC 6455, section 4.2). */
#ifndef WS_CHAT_UPGRADE_H
#define WS_CHAT_UPGRADE_H

#include "base64.h"
#include "http.h"
#include "sha1.h"

enum { ACCEPT_KEY_SIZE = BASE64_SIZE(SHA1_SIZE) };

/* How a request is answered. */
struct answer {
    int status;         /* 101, 200, or what is wrong */
    const char *reason; /* for whoever reads it, one sentence */
    bool head_only;     /* to HEAD: no body */
    const char *key;    /* with 101: Sec-WebSocket-Key, points into the request */
};

/* Looks at a request. `origins` are those that may connect besides the page that we serve ourselves. */
struct answer answer_request(const struct http_head *request, const char *const *origins, size_t origin_count);

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key, written into `accept`, which is returned. A client computes the same
 * and compares: the answer is from a server that speaks WebSocket, and not from a cache. */
const char *accept_key(const char *key, char accept[ACCEPT_KEY_SIZE]);

/* "Bad Request" for 400. */
const char *status_text(int status);

#endif
