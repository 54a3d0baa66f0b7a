/* connect.h: ws_chat as a client in a terminal: `ws_chat --connect ws://HOST:PORT/ws`. */
#ifndef WS_CHAT_CONNECT_H
#define WS_CHAT_CONNECT_H

#include "frame.h"
#include "trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    URL_HOST_SIZE = 256,
    URL_PATH_SIZE = 1024,
    CONNECT_MS = 10000,      /* for TCP's handshake and the one of HTTP, each */
    ANSWER_HEAD_MOST = 16384 /* bytes of the answer's head */
};

/* ws://HOST:PORT/PATH, taken apart. */
struct chat_url {
    char host[URL_HOST_SIZE]; /* without the brackets of IPv6 */
    uint16_t port;
    char path[URL_PATH_SIZE]; /* with its "/" and the query */
    bool brackets;
};

/* Reads `text`. Returns NULL, or why it can't be used, which completes the sentence "--connect 'http://...': ...". */
const char *chat_url_parse(const char *text, struct chat_url *url);

/* A connection from our end. */
struct chat_connection {
    int fd;
    int random_fd; /* /dev/urandom: keys and masks must not be guessed */
    bool tracing, quiet;
    struct trace sent, received;
    uint8_t *early; /* what came behind the answer's head: frames already; ANSWER_HEAD_MOST bytes of room */
    size_t early_length;
};

/* Connects, asks for the upgrade and checks the answer. Returns 0; or -1 after one line about the reason. */
int connection_open(struct chat_connection *connection, const struct chat_url *url);

/* Fills `bytes` with random ones. Returns false after one line. */
bool connection_random(const struct chat_connection *connection, void *bytes, size_t length);

/* Narration, on stderr. */
void connection_tell(const struct chat_connection *connection, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The client: lines from standard input become messages, messages become lines on standard output; the end of the input
 * begins the close handshake. Returns the exit status. */
int chat_connect(const char *url, bool tracing, bool quiet);

#endif
