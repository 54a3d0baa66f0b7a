/* pool_places.h: the places of a pool, where its connections live; what pool.c and pool_places.c share.
 *
 * Each connection has a place, of which there are `max`. A place is empty, holds an idle connection, or is in use:
 * given to one thread, which alone may touch it, also while it connects or closes, so that this needs no lock.
 *
 * One rule gives the order among those who wait, and sees to it that nobody waits in vain: a place that comes free,
 * with a connection or without, is handed to whoever waits longest, at once and under the lock (place_give_back). So as
 * long as anybody waits there is no free place that a newcomer could take.
 */
#ifndef NETSTEP_POOL_PLACES_H
#define NETSTEP_POOL_PLACES_H

#include "pool.h"

#include <pthread.h>

#define NS_PER_SECOND 1000000000LL

enum place_state { EMPTY, IDLE, IN_USE };

struct pool_conn {
    struct pool *pool;
    enum place_state state;
    int fd;                          /* -1: there is no connection */
    bool reused, timed;              /* was used before; has a limit for read and write */
    long long idle_ns;               /* its idle time-out; 0 = none */
    long long made_ns, put_ns;       /* when it was made, and put back */
    struct pool_conn *older, *newer; /* neighbours in the idle list; `newer` is the next in other lists */
};

/* A thread that waits in pool_get(); it lives on that thread's stack. */
struct waiter {
    pthread_cond_t served;
    struct pool_conn *conn; /* the place it was given */
    struct waiter *next;
};

/* By what it is judged whether a kept connection may be used. */
struct rules {
    bool check;            /* look at it */
    long long lifetime_ns; /* 0 = no limit */
};

struct pool {
    pthread_mutex_t lock; /* for all that follows */
    pool_connect_fn *connect_fn;
    void *arg;
    int max, max_idle;
    long long idle_ns; /* 0 = no limit */
    struct rules rules;
    enum pool_order order;
    bool closed, freed;
    int in_use, idle, waiting;
    struct pool_conn *oldest, *newest; /* the idle list, in the order of pool_put() */
    struct pool_conn *empty;
    struct waiter *first, *last;
    struct pool_stats stats; /* the counters; the rest is filled in by pool_stats() */
    struct pool_conn places[];
};

/* A monotonic clock. */
long long pool_now_ns(void);

/* ---- the pool is locked */

/* Takes an idle connection out of the list: it is in use. */
void place_take_idle(struct pool_conn *conn);

/* Takes an empty place, which is then in use; NULL if there is none. */
struct pool_conn *place_take_empty(struct pool *pool);

/* Ends the use of a place, with its connection or without: it is for whoever waits longest, or free. */
void place_give_back(struct pool_conn *conn);

/* Closes the connections of a list of places that are in use (the next is `newer`), and gives the places back. Unlocks
 * meanwhile. Returns how many there were. */
int place_close_all(struct pool *pool, struct pool_conn *list);

/* Closes idle connections that are not to be used again: those that have lain too long, or with `rules` for any reason.
 * Unlocks meanwhile. Returns how many there were. */
int place_sweep(struct pool *pool, const struct rules *rules);

/* ---- the caller has the place in use; the pool is not locked */

/* The counter of the reason for which this kept connection must not be used; NULL if it may be. */
long long *place_reason_to_close(const struct pool_conn *conn, const struct rules *rules, long long now);

/* Whether its time is over, however busy it was. */
bool place_is_too_old(const struct pool_conn *conn, const struct rules *rules, long long now);

/* With SO_LINGER close(2) blocks: this is why nobody closes under the lock. */
void place_close(struct pool_conn *conn);

#endif
