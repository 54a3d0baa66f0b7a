/* models.h: the ways in which tcp_server serves its clients. Each is one file that can be read alone. */
#ifndef TCP_SERVER_MODELS_H
#define TCP_SERVER_MODELS_H

#include "common/address.h"
#include "common/narrate.h"
#include "options.h"

#include <stdbool.h>

/* Serves clients of the listening socket until --max of them are done or a stop signal comes.
 * Closes listen_fd then, and returns the exit status. */
typedef int serve_fn(int listen_fd, const struct server_options *options, struct narrator *narrator);

serve_fn serve_iterative; /* iterative.c: one client after another */
serve_fn serve_fork;      /* fork.c: a child process for each client */
serve_fn serve_thread;    /* thread.c: a thread for each client */
serve_fn serve_epoll;     /* epoll.c: one thread and an event loop; Linux */
serve_fn serve_pool;      /* pool.c: a few threads, and a queue of requests in front of them; Linux */

/* What accept gave us. */
struct client {
    int connection;                  /* the descriptor, ours to close */
    char address[ADDRESS_TEXT_SIZE]; /* "127.0.0.1:40312", for what we have to say about it */
};

/* echo.c: sends one client's bytes back until it half-closes, and closes the connection.
 * Returns false when a stop signal ended it. */
bool echo_client(const struct client *client, const struct server_options *options, struct narrator *narrator);

/* echo.c: sets SO_LINGER to 0 seconds, so that close sends RST instead of FIN. */
void make_close_reset(int connection, struct narrator *narrator);

/* suspect.c: after a failed bind or listen, one line with the likely reason. */
void report_bind_error(int error, const char *operation, const struct server_options *options);

#endif
