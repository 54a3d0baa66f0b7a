/* pool_places.c: places change hands, and connections that are not to be used again are closed. */
#include "pool_places.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

long long pool_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void place_take_idle(struct pool_conn *conn)
{
    struct pool *pool = conn->pool;
    *(conn->older ? &conn->older->newer : &pool->oldest) = conn->newer;
    *(conn->newer ? &conn->newer->older : &pool->newest) = conn->older;
    conn->older = conn->newer = NULL;
    conn->state = IN_USE;
    pool->idle--;
    pool->in_use++;
}

static void add_to_idle(struct pool_conn *conn)
{
    struct pool *pool = conn->pool;
    conn->state = IDLE;
    conn->older = pool->newest;
    conn->newer = NULL;
    *(pool->newest ? &pool->newest->newer : &pool->oldest) = conn;
    pool->newest = conn;
    pool->idle++;
}

struct pool_conn *place_take_empty(struct pool *pool)
{
    struct pool_conn *conn = pool->empty;
    if (conn) {
        pool->empty = conn->newer;
        conn->newer = NULL;
        conn->state = IN_USE;
        pool->in_use++;
    }
    return conn;
}

void place_give_back(struct pool_conn *conn)
{
    struct pool *pool = conn->pool;
    struct waiter *first = pool->first;
    if (first) { /* it stays in use, by another thread */
        pool->first = first->next;
        first->conn = conn;
        pthread_cond_signal(&first->served);
        return;
    }
    pool->in_use--;
    if (conn->fd != -1) {
        add_to_idle(conn);
    } else {
        conn->state = EMPTY;
        conn->newer = pool->empty;
        pool->empty = conn;
    }
}

/* Is it closed or reset by the other side, or has it sent what nobody asked for? An idle connection has nothing to read
 * and is open, so that a read would block. */
static bool is_dead(const struct pool_conn *conn)
{
    char byte;
    ssize_t got;
    do
        got = recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    while (got == -1 && errno == EINTR);
    return got != -1 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static bool lies_too_long(const struct pool_conn *conn, long long now)
{
    return conn->idle_ns != 0 && now - conn->put_ns >= conn->idle_ns;
}

bool place_is_too_old(const struct pool_conn *conn, const struct rules *rules, long long now)
{
    return rules->lifetime_ns != 0 && now - conn->made_ns >= rules->lifetime_ns;
}

long long *place_reason_to_close(const struct pool_conn *conn, const struct rules *rules, long long now)
{
    struct pool_stats *stats = &conn->pool->stats;
    if (lies_too_long(conn, now))
        return &stats->max_idle_time_closed;
    if (place_is_too_old(conn, rules, now))
        return &stats->max_lifetime_closed;
    return rules->check && is_dead(conn) ? &stats->peer_closed : NULL;
}

void place_close(struct pool_conn *conn)
{
    close(conn->fd);
    conn->fd = -1;
}

int place_close_all(struct pool *pool, struct pool_conn *list)
{
    int count = 0;
    if (list == NULL)
        return 0;
    pthread_mutex_unlock(&pool->lock);
    for (struct pool_conn *conn = list; conn; conn = conn->newer, count++)
        place_close(conn);
    pthread_mutex_lock(&pool->lock);
    while (list) {
        struct pool_conn *conn = list;
        list = conn->newer;
        conn->newer = NULL;
        place_give_back(conn);
    }
    return count;
}

/* They stand in the order in which they were put back, so that without `rules` the first good one ends the search. */
int place_sweep(struct pool *pool, const struct rules *rules)
{
    struct pool_conn *list = NULL;
    long long now = pool->oldest ? pool_now_ns() : 0;
    for (struct pool_conn *conn = pool->oldest, *next; conn; conn = next) {
        next = conn->newer;
        long long *reason = rules                      ? place_reason_to_close(conn, rules, now)
                            : lies_too_long(conn, now) ? &pool->stats.max_idle_time_closed
                                                       : NULL;
        if (reason) {
            ++*reason;
            place_take_idle(conn);
            conn->newer = list;
            list = conn;
        } else if (rules == NULL) {
            break;
        }
    }
    return place_close_all(pool, list);
}
