/* pool.c: how a connection is handed out and comes back. How places change hands: pool_places.c. */
#include "pool_places.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Seconds that somebody has set; beyond a hundred years there is no limit. */
static long long ns_of(double seconds)
{
    return seconds > 0 && seconds < 3e9 ? (long long)(seconds * 1e9) : 0;
}

struct pool *pool_new(int max, double idle_s, pool_connect_fn *connect_fn, void *arg)
{
    if (max < 1 || connect_fn == NULL || (size_t)max > (SIZE_MAX - sizeof(struct pool)) / sizeof(struct pool_conn)) {
        errno = EINVAL;
        return NULL;
    }
    struct pool *pool = calloc(1, sizeof *pool + (size_t)max * sizeof pool->places[0]);
    if (pool == NULL)
        return NULL;
    int problem = pthread_mutex_init(&pool->lock, NULL);
    if (problem) {
        free(pool);
        errno = problem;
        return NULL;
    }
    pool->connect_fn = connect_fn;
    pool->arg = arg;
    pool->max = pool->max_idle = max;
    pool->idle_ns = ns_of(idle_s);
    pool->rules.check = true;
    for (int i = max - 1; i >= 0; i--) {
        pool->places[i] = (struct pool_conn){.pool = pool, .fd = -1, .newer = pool->empty};
        pool->empty = &pool->places[i];
    }
    return pool;
}

/* Unlocks a pool; the last one to leave after pool_free() puts out the light. */
static void unlock(struct pool *pool)
{
    bool last = pool->freed && pool->in_use == 0 && pool->waiting == 0;
    pthread_mutex_unlock(&pool->lock);
    if (last) {
        pthread_mutex_destroy(&pool->lock);
        free(pool);
    }
}

int pool_tidy(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct rules rules = {.check = true, .lifetime_ns = pool->rules.lifetime_ns};
    int closed = place_sweep(pool, &rules);
    unlock(pool);
    return closed;
}

/* ---- get */

/* When a wait of so many milliseconds is over. */
static struct timespec deadline(int wait_ms)
{
    long long at = pool_now_ns() + wait_ms * 1000000LL;
    return (struct timespec){.tv_sec = (time_t)(at / NS_PER_SECOND), .tv_nsec = (long)(at % NS_PER_SECOND)};
}

static void leave_queue(struct pool *pool, const struct waiter *self)
{
    struct waiter *before = NULL;
    for (struct waiter *at = pool->first; at; before = at, at = at->next)
        if (at == self) {
            *(before ? &before->next : &pool->first) = self->next;
            if (pool->last == self)
                pool->last = before;
            return;
        }
}

/* Waits behind all who wait already. Returns the place that was handed to us, or NULL with errno. */
static struct pool_conn *wait_for_place(struct pool *pool, int wait_ms)
{
    struct waiter self = {.conn = NULL};
    struct timespec until = deadline(wait_ms);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&self.served, &clock);
    pthread_condattr_destroy(&clock);

    *(pool->first ? &pool->last->next : &pool->first) = &self;
    /* cppcheck-suppress autoVariables ; we stay until we are out of the queue */
    pool->last = &self;
    pool->waiting++;
    pool->stats.wait_count++;
    long long began = pool_now_ns();
    int problem = 0;
    while (self.conn == NULL && !pool->closed && problem == 0)
        problem = wait_ms < 0 ? pthread_cond_wait(&self.served, &pool->lock)
                              : pthread_cond_timedwait(&self.served, &pool->lock, &until);
    /* If we were handed a place in the very moment in which the time was over, it is ours: nothing gets lost. */
    if (self.conn == NULL) {
        leave_queue(pool, &self);
        pool->stats.wait_timeouts += !pool->closed;
        errno = pool->closed ? ECANCELED : EBUSY;
    }
    pool->waiting--;
    pool->stats.wait_us += (pool_now_ns() - began) / 1000;
    pthread_cond_destroy(&self.served);
    return self.conn;
}

/* Takes a place: with an idle connection, an empty one, or the next that comes free. NULL with errno. */
static struct pool_conn *take_place(struct pool *pool, int wait_ms)
{
    place_sweep(pool, NULL);
    if (pool->closed) {
        errno = ECANCELED;
        return NULL;
    }
    struct pool_conn *conn = pool->order == POOL_FIFO ? pool->oldest : pool->newest;
    if (conn)
        place_take_idle(conn);
    else
        conn = place_take_empty(pool);
    if (conn)
        return conn;
    if (wait_ms != 0)
        return wait_for_place(pool, wait_ms);
    errno = EBUSY;
    return NULL;
}

/* Closes the connection of our place if it is not to be used again. Not locked, except to count. */
static void retire_if_bad(struct pool_conn *conn, const struct rules *rules)
{
    struct pool *pool = conn->pool;
    long long *reason = place_reason_to_close(conn, rules, pool_now_ns());
    if (reason == NULL)
        return;
    place_close(conn);
    pthread_mutex_lock(&pool->lock);
    ++*reason;
    pool->stats.reused--;
    if (reason == &pool->stats.peer_closed) /* a server that has closed one connection has often closed all */
        place_sweep(pool, rules);
    pthread_mutex_unlock(&pool->lock);
}

/* Makes the connection of our place. Not locked, except to count. Returns `conn`, or NULL with errno after giving the
 * place to the next. */
static struct pool_conn *connect_place(struct pool *pool, struct pool_conn *conn)
{
    conn->fd = pool->connect_fn(pool->arg);
    int problem = errno;
    conn->made_ns = pool_now_ns();
    pthread_mutex_lock(&pool->lock);
    conn->idle_ns = pool->idle_ns;
    conn->reused = conn->timed = false;
    if (conn->fd >= 0) {
        pool->stats.connects++;
        pthread_mutex_unlock(&pool->lock);
        return conn;
    }
    conn->fd = -1;
    pool->stats.connect_errors++;
    place_give_back(conn);
    unlock(pool);
    errno = problem;
    return NULL;
}

struct pool_conn *pool_get(struct pool *pool, int wait_ms)
{
    pthread_mutex_lock(&pool->lock);
    struct pool_conn *conn = take_place(pool, wait_ms);
    if (conn == NULL) {
        int problem = errno;
        unlock(pool);
        errno = problem;
        return NULL;
    }
    struct rules rules = pool->rules;
    if (conn->fd != -1) {
        conn->reused = true;
        pool->stats.reused++;
    }
    pthread_mutex_unlock(&pool->lock); /* a place in use keeps the pool from being freed */

    if (conn->fd != -1)
        retire_if_bad(conn, &rules);
    return conn->fd == -1 ? connect_place(pool, conn) : conn;
}

int pool_fd(const struct pool_conn *conn)
{
    return conn->fd;
}

bool pool_reused(const struct pool_conn *conn)
{
    return conn->reused;
}

int pool_timeout(struct pool_conn *conn, int timeout_ms)
{
    struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000L};
    conn->timed = timeout_ms > 0;
    int result = setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return result == 0 ? setsockopt(conn->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) : result;
}

void pool_idle(struct pool_conn *conn, double idle_s)
{
    conn->idle_ns = ns_of(idle_s);
}

/* ---- put */

/* Ends the use of a connection; `close_it`: whatever it is like. */
static int end_use(struct pool_conn *conn, bool close_it)
{
    struct pool *pool = conn->pool;
    pthread_mutex_lock(&pool->lock);
    if (conn->state != IN_USE) {
        pthread_mutex_unlock(&pool->lock);
        errno = EINVAL;
        return -1;
    }
    conn->put_ns = pool_now_ns();
    long long *reason = close_it                                              ? &pool->stats.discarded
                        : place_is_too_old(conn, &pool->rules, conn->put_ns)  ? &pool->stats.max_lifetime_closed
                        : pool->first == NULL && pool->idle >= pool->max_idle ? &pool->stats.max_idle_closed
                                                                              : NULL;
    if (reason)
        ++*reason;
    if (reason || pool->closed)
        place_close_all(pool, conn);
    else
        place_give_back(conn);
    place_sweep(pool, NULL);
    unlock(pool);
    return 0;
}

int pool_put(struct pool_conn *conn)
{
    if (conn->timed)
        pool_timeout(conn, 0);
    return end_use(conn, false);
}

int pool_discard(struct pool_conn *conn)
{
    return end_use(conn, true);
}

/* ---- settings, statistics, the end */

void pool_set_order(struct pool *pool, enum pool_order order)
{
    pthread_mutex_lock(&pool->lock);
    pool->order = order;
    pthread_mutex_unlock(&pool->lock);
}

void pool_set_lifetime(struct pool *pool, double lifetime_s)
{
    pthread_mutex_lock(&pool->lock);
    pool->rules.lifetime_ns = ns_of(lifetime_s);
    pthread_mutex_unlock(&pool->lock);
}

void pool_set_max_idle(struct pool *pool, int max_idle)
{
    pthread_mutex_lock(&pool->lock);
    pool->max_idle = max_idle;
    pthread_mutex_unlock(&pool->lock);
}

void pool_set_check(struct pool *pool, bool check)
{
    pthread_mutex_lock(&pool->lock);
    pool->rules.check = check;
    pthread_mutex_unlock(&pool->lock);
}

void pool_stats(struct pool *pool, struct pool_stats *stats)
{
    pthread_mutex_lock(&pool->lock);
    *stats = pool->stats;
    stats->max_open = pool->max;
    stats->in_use = pool->in_use;
    stats->idle = pool->idle;
    stats->open = pool->in_use + pool->idle;
    stats->waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
}

/* Locked before and after, not meanwhile. */
static void close_locked(struct pool *pool)
{
    struct pool_conn *list = NULL;
    pool->closed = true;
    for (struct waiter *at = pool->first; at; at = at->next)
        pthread_cond_signal(&at->served);
    pool->first = NULL; /* nobody is handed a place any more */
    while (pool->oldest) {
        struct pool_conn *conn = pool->oldest;
        place_take_idle(conn);
        conn->newer = list;
        list = conn;
    }
    place_close_all(pool, list);
}

void pool_close(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    close_locked(pool);
    unlock(pool);
}

int pool_free(struct pool *pool)
{
    if (pool == NULL)
        return 0;
    pthread_mutex_lock(&pool->lock);
    close_locked(pool);
    int busy = pool->in_use;
    pool->freed = true;
    unlock(pool);
    return busy;
}
