/* pool.h: a pool of connections: they are made when they are needed, kept when nobody uses them, and used again.
 *
 * This header, pool.c and pool_places.[ch] are all there is to it: copy them into a program of your own, -pthread.
 *
 *     struct pool *pool = pool_new(4, 30.0, connect_to_server, &server);   at most 4, kept idle for 30 s
 *     struct pool_conn *conn = pool_get(pool, 1000);                       one of our own, after at most 1 s
 *     if (conn == NULL) ...                                                errno says why
 *     ... write(pool_fd(conn), ...), read(pool_fd(conn), ...) ...          one whole exchange
 *     all_is_well ? pool_put(conn) : pool_discard(conn);                   never both, never twice
 *     pool_free(pool);
 *
 * What is handed out is good as far as the kernel knows: a connection that the other side has closed or reset while it
 * lay idle, or on which bytes wait that nobody has asked for, is closed and replaced. Between that look and the first
 * write it may still be closed: a caller must be ready for the first call on a kept connection to fail, and may repeat
 * it on another if that does no harm.
 *
 * Who waits is served in the order of coming; nobody who comes later overtakes. All functions may be called by any
 * thread at any time, except as pool_free() says. Connections are made and closed while the pool is not locked. The
 * pool has no thread of its own: what has lain idle too long is closed in the next pool_get(), pool_put() or
 * pool_tidy(). A thread must not be cancelled (pthread_cancel) inside these functions.
 *
 * Times are monotonic: nobody who sets the clock moves them. The names of the settings and of the statistics are those
 * of Go's database/sql, which many know (DB.SetMaxOpenConns, DBStats).
 */
#ifndef NETSTEP_POOL_H
#define NETSTEP_POOL_H

#include <stdbool.h>

struct pool;
struct pool_conn; /* a connection that was handed out */

/* Makes a connection: returns its descriptor, which the pool then owns, or -1 with errno. `arg` is what pool_new() was
 * given. Several threads may be in it at once. It has to bound its own time, and to set what descriptors need (such as
 * close-on-exec). */
typedef int pool_connect_fn(void *arg);

/* Makes an empty pool. `max` (1 or more): so many connections exist at once at most, used and idle together. `idle_s`:
 * a connection that has lain in the pool for so many seconds is not used again, but made anew; 0 = it may lie for ever.
 * `arg` has to outlive the pool. Returns it, for pool_free(); or NULL with errno (EINVAL, ENOMEM, EAGAIN). */
struct pool *pool_new(int max, double idle_s, pool_connect_fn *connect_fn, void *arg);

/* Hands out a connection, which is the caller's alone until pool_put() or pool_discard(): one that is kept, or a new
 * one, or, where there are `max` already, the next that comes free, for which it waits up to `wait_ms` milliseconds
 * (-1: without limit, 0: not at all). The time that connect_fn takes comes on top. Returns NULL with errno: EBUSY if
 * none came free in time, ECANCELED after pool_close(), otherwise what connect_fn said. Nothing is left behind then:
 * the place is free for the next. */
struct pool_conn *pool_get(struct pool *pool, int wait_ms);

/* Its descriptor. It stays the pool's: don't close it. */
int pool_fd(const struct pool_conn *conn);

/* Whether it had been used before: then it may have died a moment ago (see above). */
bool pool_reused(const struct pool_conn *conn);

/* How many milliseconds one read or write on it may block (SO_RCVTIMEO, SO_SNDTIMEO in socket(7); they then say
 * EAGAIN); 0 = without limit. pool_put() takes the limit off. Returns 0, or -1 with errno. */
int pool_timeout(struct pool_conn *conn, int timeout_ms);

/* An idle time-out of its own, in seconds, in place of the pool's: a server that closes connections sooner may say so
 * (HTTP: Keep-Alive: timeout=5). It stays with this connection. */
void pool_idle(struct pool_conn *conn, double idle_s);

/* Gives a connection back for others to use: nothing of an exchange may be outstanding on it. Returns 0; or -1 with
 * errno EINVAL, and does nothing, if it is in the pool already. */
int pool_put(struct pool_conn *conn);

/* Gives it back to be closed: after an error, a time-out, or half an exchange. Whoever waits may then make a new one.
 * Returns as pool_put() does. */
int pool_discard(struct pool_conn *conn);

/* Which idle connection is taken next. POOL_LIFO, the newest: few stay busy, the others grow old and are closed. It is
 * what a new pool does. POOL_FIFO, the oldest: all take turns, so all stay. */
enum pool_order { POOL_LIFO, POOL_FIFO };
void pool_set_order(struct pool *pool, enum pool_order order);

/* A connection older than so many seconds is not used again, however busy it was; 0 (at first) = no limit. */
void pool_set_lifetime(struct pool *pool, double lifetime_s);

/* More idle connections than that are not kept; at first, `max`. */
void pool_set_max_idle(struct pool *pool, int max_idle);

/* Whether pool_get() looks at a kept connection before it hands it out (true at first). Without, it saves a system
 * call, and hands out dead connections. */
void pool_set_check(struct pool *pool, bool check);

/* Closes the idle connections that are not to be used again: too long idle, too old, or closed by the other side. For
 * programs that pause: in their pause nobody calls pool_get(), and CLOSE_WAIT would stay. Returns how many it closed.
 */
int pool_tidy(struct pool *pool);

struct pool_stats {
    int max_open;                   /* how many there may be */
    int open, in_use, idle;         /* there are now; one that is being made or closed is in use */
    int waiting;                    /* threads that wait now */
    long long connects;             /* connections made, ... */
    long long connect_errors;       /* ... and connect_fn's failures */
    long long reused;               /* handed out again */
    long long wait_count;           /* calls of pool_get() that had to wait, ... */
    long long wait_us;              /* ... how many microseconds all together ... */
    long long wait_timeouts;        /* ... and how many of them in vain */
    long long max_idle_closed;      /* closed by us: there were enough idle ones, ... */
    long long max_idle_time_closed; /* ... idle for too long, ... */
    long long max_lifetime_closed;  /* ... too old, ... */
    long long discarded;            /* ... given to pool_discard() */
    long long peer_closed;          /* found closed or reset by the other side, or with bytes nobody had asked for */
};

/* What has happened up to now. */
void pool_stats(struct pool *pool, struct pool_stats *stats);

/* From now on pool_get() fails with ECANCELED, also for those who wait in it; idle connections are closed. Those in use
 * stay, and are closed as they come back. */
void pool_close(struct pool *pool);

/* pool_close(), and gives up the pool; NULL is allowed. No call of pool_get() or of a setting may begin any more; those
 * that wait in pool_get() come back with ECANCELED. Connections in use stay good, until pool_put() or pool_discard()
 * closes them; the last one of them frees the memory. Does not wait. Returns how many are still in use: 0 unless
 * somebody still works, or has forgotten one. */
int pool_free(struct pool *pool);

#endif
