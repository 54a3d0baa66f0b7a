/* run.h: what the parts of tcp_pool share: one run of calls. */
#ifndef TCP_POOL_RUN_H
#define TCP_POOL_RUN_H

#include "common/pool.h"
#include "options.h"

#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>

struct run {
    const struct pool_options *options;
    const struct addrinfo *servers; /* the addresses of HOST, tried in turn */
    struct pool *pool;              /* NULL with --no-pool */
    int stop[2];                    /* a pipe: once stop[1] is closed, and stop[0] readable, everybody stops */
    int over[2];                    /* a pipe: over[1] is closed when the last worker has ended */

    pthread_mutex_t lock; /* for all that follows */
    int running;          /* workers that have not ended */
    long long next;       /* the number of the next call */
    long long answered, failed, repeated;
    long long none_in_time; /* calls that found no connection free within --wait */
    long long unconnected;  /* calls for which none could be made */
    long long connects;     /* with --no-pool; the pool counts its own */
};

/* connect.c: a pool_connect_fn: `run` is a struct run. socket and connect, for each address in turn, as long as
 * --timeout says. Returns a non-blocking descriptor, or -1 with errno; ECANCELED once we stop. */
int connect_to_server(void *run);

/* connect.c: sleeps until `fd` is ready for `events` (fd -1: only sleeps). Returns 1, or -1 with errno: ETIMEDOUT, or
 * ECANCELED once we stop. */
int wait_or_stop(const struct run *run, int fd, short events, int timeout_ms);

/* call.c: how a call ended on a connection. DEAD: the other side had closed it before the first byte of an answer. */
enum call_result { ANSWERED, DEAD, BROKEN };

/* call.c: writes "call NUMBER" and reads until that line has come back, and nothing else. *why says what is wrong where
 * errno does not; otherwise it is NULL. */
enum call_result make_call(const struct run *run, int fd, long long number, const char **why);

/* worker.c: starts the workers. Returns how many; fewer than wanted after an error that has been reported. `threads`
 * has room for --workers. */
int start_workers(struct run *run, pthread_t *threads);

/* tell.c: a connection before a call: "kept 127.0.0.1:40312 CLOSE_WAIT", as the kernel says now. */
enum { CONNECTION_TEXT_SIZE = 128 };
void describe_connection(int fd, bool reused, char *text);

/* tell.c: a line of the narration: the call, the connection, the outcome (printf-like). With --quiet: nothing. */
void tell_call(const struct run *run, long long number, const char *connection, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* tell.c: counts a call that failed, and says why; after the first few, as the summary tells, only counts. */
void tell_failure(struct run *run, long long number, const char *operation, const char *reason);

/* tell.c, with --step: waits for Enter. Returns 0, or -1 once we stop. At the end of stdin nobody is waited for. */
int wait_for_enter(const struct run *run, long long number);

/* sockets.c: how many sockets the kernel shows whose other end is the server. */
struct socket_count {
    int established, close_wait, time_wait;
    int closing; /* FIN_WAIT1, FIN_WAIT2, CLOSING, LAST_ACK: on their way */
};

/* sockets.c: counts them now. Returns 0, or -1 with errno where the kernel shows no table. */
int count_sockets(const struct run *run, struct socket_count *count);

/* The same, once all that is closing has gone its way; a second at most, after a stop signal now. */
int count_settled_sockets(const struct run *run, struct socket_count *count);

#endif
