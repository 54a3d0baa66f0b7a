/* turn.h: a client's conversation cut into turns, none of which waits: for the models where one thread has many
 * clients.
 *
 * echo.c tells the same conversation in one piece. There the place in the code says how far it is, and read and write
 * may wait; here a struct has to say it, and whoever has to wait goes home until its turn comes.
 */
#ifndef TCP_SERVER_TURN_H
#define TCP_SERVER_TURN_H

#include "models.h"

#include <stddef.h>

/* The most that one read takes, and so the most that is kept of a client that does not read. */
enum { TURN_SIZE = 16 * 1024 };

struct connection {
    struct client client;
    char *unsent;                        /* read, and not taken by write yet; NULL = nothing */
    size_t unsent_at, unsent_end;        /* from here to there */
    bool has_begun;                      /* it has had a turn */
    bool we_closed;                      /* --close-first: our FIN is sent, we wait for the client's */
    long long active_at;                 /* when it had its last turn (now_us) */
    struct connection *longer, *shorter; /* its neighbours in the list: silent for longer, for not so long */
};

/* Connections in the order of their last turns: the one that has been silent for longest comes first. */
struct connection_list {
    struct connection *first, *last;
};

enum turn { WAITS_TO_READ, WAITS_TO_WRITE, IS_OVER };

/* One turn of a connection that is ready: at most one read and one write. `buffer` has TURN_SIZE bytes.
 * While something is unsent nothing more is read: a client that does not take its answer fills its own window, not our
 * memory. Returns what the connection waits for next; IS_OVER: it wants close_connection(). */
enum turn take_turn(struct connection *connection, char *buffer, const struct server_options *options,
                    struct narrator *narrator);

/* A new connection for `client`, or NULL with errno ENOMEM. */
struct connection *open_connection(const struct client *client);

/* Closes and frees it. It has to be in no list. */
void close_connection(struct connection *connection, struct narrator *narrator);

/* Puts it at the end: it has been active now. It has to be in no list. */
void list_add(struct connection_list *list, struct connection *connection);
void list_remove(struct connection_list *list, struct connection *connection);

/* The connection that has been silent for longer than --timeout, after saying so, or NULL. It stays in the list. */
struct connection *find_silent(const struct connection_list *list, const struct server_options *options);

/* The milliseconds until that may be so for the first in the list; -1: never. */
int silence_left_ms(const struct connection_list *list, const struct server_options *options);

#endif
