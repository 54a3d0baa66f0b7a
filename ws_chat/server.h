/* server.h: what the parts of the server share. */
#ifndef WS_CHAT_SERVER_H
#define WS_CHAT_SERVER_H

#include "client_table.h"
#include "common/narrate.h"
#include "options.h"

enum { BUFFER_SIZE = 64 * 1024 };

struct server {
    const struct chat_options *options;
    struct narrator *narrator;
    struct client_table table;
    struct client *busy;     /* have something to send, or to be seen to, before the loop sleeps again */
    struct client *gone;     /* closed in this turn of the loop, to be freed at its end */
    long long now;           /* now_us(), asked once a turn */
    long long next_deadline; /* the earliest of all clients' */
    bool ending;             /* a stop signal came */
    uint8_t *buffer;         /* BUFFER_SIZE bytes to read into: one for all, idle clients need none */
};

/* The loop sees to this client before it sleeps again. */
void make_busy(struct server *server, struct client *client);

/* Something is to be done about this client in so many milliseconds. */
void set_deadline(struct server *server, struct client *client, int ms);

/* Serves until a stop signal comes. Returns the exit status. (loop.c) */
int serve(int listen_fd, const struct chat_options *options, struct narrator *narrator);

#endif
