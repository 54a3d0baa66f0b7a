/* pool_threads_test: what a pool has to do right for many threads: order, hand-over, the end.
 *
 *     pool_threads_test                         all tests
 *     pool_threads_test stress THREADS TIMES    so many threads get and put so many times all together
 */
#include "pool_server.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Waits until so many threads wait in pool_get(); ten seconds at most. */
static bool until_waiting(struct pool *pool, int count)
{
    for (int i = 0; i < 10000 && stats_of(pool).waiting != count; i++)
        pause_ms(1);
    return stats_of(pool).waiting == count;
}

/* One that gets, says so, and puts back. */
struct caller {
    pthread_t thread;
    struct pool *pool;
    int number, wait_ms;
    int *order, *next; /* in which order they were served; whoever has the one connection may write */
    int error;         /* of pool_get(), 0 = it got one */
    bool stays;        /* it does not put it back */
    struct pool_conn *conn;
};

static void *call(void *arg)
{
    struct caller *caller = arg;
    caller->conn = pool_get(caller->pool, caller->wait_ms);
    caller->error = caller->conn ? 0 : errno;
    if (caller->conn == NULL)
        return NULL;
    if (caller->order)
        caller->order[(*caller->next)++] = caller->number;
    if (!caller->stays)
        pool_put(caller->conn);
    return NULL;
}

/* More waiters than connections are all served, in the order of their coming, and nobody overtakes. */
static void waiters_are_served_in_order(bool discarded)
{
    enum { WAITERS = 12 };
    struct server server;
    struct caller callers[WAITERS];
    int order[WAITERS + 1] = {0}, next = 0;
    server_open(&server);
    struct pool *pool = pool_new(1, 0, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    for (int i = 0; i < WAITERS; i++) {
        callers[i] = (struct caller){.pool = pool, .number = i, .wait_ms = -1, .order = order, .next = &next};
        pthread_create(&callers[i].thread, NULL, call, &callers[i]);
        CHECK(until_waiting(pool, i + 1));
    }
    CHECK(pool_get(pool, 0) == NULL && errno == EBUSY);
    discarded ? pool_discard(conn) : pool_put(conn);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(callers[i].thread, NULL);
    CHECK(next == WAITERS);
    for (int i = 0; i < WAITERS; i++)
        CHECK(order[i] == i);
    struct pool_stats stats = stats_of(pool);
    CHECK(stats.wait_count == WAITERS && stats.wait_timeouts == 0 && stats.wait_us > 0 && stats.waiting == 0);
    CHECK(server.connects == 1 + discarded);
    CHECK(pool_free(pool) == 0);
    server_close(&server);
}

/* A place that is given back between the signal and the waiter's waking must not go to a newcomer: over and over. */
static void nobody_overtakes(void)
{
    struct server server;
    server_open(&server);
    struct pool *pool = pool_new(1, 0, connect_pair, &server);
    for (int i = 0; i < 300; i++) {
        struct pool_conn *conn = pool_get(pool, 0);
        struct caller waiter = {.pool = pool, .wait_ms = -1, .stays = true};
        pthread_create(&waiter.thread, NULL, call, &waiter);
        CHECK(until_waiting(pool, 1));
        pool_put(conn);
        CHECK(pool_get(pool, 0) == NULL); /* at once: it is the waiter's, though it may not have woken yet */
        pthread_join(waiter.thread, NULL);
        CHECK(waiter.conn != NULL);
        pool_put(waiter.conn);
    }
    pool_free(pool);
    server_close(&server);
}

/* The failure of one that waited passes its place on to the next. */
static void a_failing_connect_wakes_the_next(void)
{
    enum { WAITERS = 4 };
    struct server server;
    struct caller callers[WAITERS];
    server_open(&server);
    struct pool *pool = pool_new(1, 0, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    for (int i = 0; i < WAITERS; i++) {
        callers[i] = (struct caller){.pool = pool, .wait_ms = -1};
        pthread_create(&callers[i].thread, NULL, call, &callers[i]);
        CHECK(until_waiting(pool, i + 1));
    }
    server.failing = 2;
    pool_discard(conn);
    for (int i = 0; i < WAITERS; i++)
        pthread_join(callers[i].thread, NULL);
    CHECK(callers[0].error == ECONNREFUSED && callers[1].error == ECONNREFUSED);
    CHECK(callers[2].error == 0 && callers[3].error == 0);
    CHECK(pool_free(pool) == 0);
    server_close(&server);
}

/* A wait that ends in vain leaves nothing: the others are served, and the connection comes back to the pool. */
static void a_wait_in_vain_leaves_nothing(void)
{
    struct server server;
    struct caller callers[3];
    server_open(&server);
    struct pool *pool = pool_new(1, 0, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    for (int i = 0; i < 3; i++) {
        callers[i] = (struct caller){.pool = pool, .wait_ms = i == 1 ? 2000 : -1};
        pthread_create(&callers[i].thread, NULL, call, &callers[i]);
        CHECK(until_waiting(pool, i + 1));
    }
    pthread_join(callers[1].thread, NULL); /* from the middle of the queue */
    CHECK(callers[1].error == EBUSY && stats_of(pool).waiting == 2 && stats_of(pool).wait_timeouts == 1);
    pool_put(conn);
    pthread_join(callers[0].thread, NULL);
    pthread_join(callers[2].thread, NULL);
    CHECK(callers[0].error == 0 && callers[2].error == 0);

    conn = pool_get(pool, 0);
    errno = 0;
    CHECK(pool_get(pool, 10) == NULL && errno == EBUSY); /* the last of the queue */
    pool_put(conn);
    conn = pool_get(pool, 0);
    CHECK(conn != NULL);
    pool_put(conn);
    CHECK(pool_free(pool) == 0);
    server_close(&server);
}

/* Waits a millisecond for the connection, over and over, and gives it back at once. */
struct impatient {
    struct pool *pool;
    atomic_bool *over;
    long got, in_vain;
};

static void *wait_impatiently(void *arg)
{
    struct impatient *self = arg;
    while (!atomic_load(self->over)) {
        struct pool_conn *conn = pool_get(self->pool, 1);
        conn ? self->got++ : self->in_vain++;
        if (conn)
            pool_put(conn);
    }
    return NULL;
}

/* The time is over in the very moment in which a connection is handed over: either it is got, or it is in the pool.
 * Many end their waits together, so that they wait for the lock when they have woken: in this moment it happens. */
static void handed_over_as_the_time_ends(void)
{
    enum { THREADS = 16 };
    struct server server;
    struct impatient impatient[THREADS];
    pthread_t threads[THREADS];
    long got = 0, in_vain = 0;
    atomic_bool over = false;
    server_open(&server);
    struct pool *pool = pool_new(1, 0, connect_pair, &server);
    for (int i = 0; i < THREADS; i++) {
        impatient[i] = (struct impatient){.pool = pool, .over = &over};
        pthread_create(&threads[i], NULL, wait_impatiently, &impatient[i]);
    }
    for (int i = 0; i < 500; i++) {
        struct pool_conn *conn = pool_get(pool, 5000);
        CHECK(conn != NULL);
        if (conn == NULL)
            break; /* lost */
        nanosleep(&(struct timespec){.tv_nsec = 900000 + i % 40 * 10000}, NULL);
        pool_put(conn);
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        got += impatient[i].got;
        in_vain += impatient[i].in_vain;
    }
    struct pool_stats stats = stats_of(pool);
    CHECK(stats.in_use == 0 && stats.idle == 1 && stats.waiting == 0 && server.connects == 1);
    CHECK(got > 0 && in_vain > 0 && stats.wait_timeouts == in_vain);
    pool_free(pool);
    server_close(&server);
}

/* Making a connection takes time, and stops nobody else. */
static void connects_happen_outside_of_the_lock(void)
{
    struct server server;
    struct caller slow = {.wait_ms = 0};
    server_open(&server);
    struct pool *pool = pool_new(2, 0, connect_pair, &server);
    pool_put(pool_get(pool, 0));
    struct pool_conn *conn = pool_get(pool, 0);
    slow.pool = pool;
    server.delay_ms = 2000;
    pthread_create(&slow.thread, NULL, call, &slow);
    for (int i = 0; i < 5000 && stats_of(pool).in_use != 2; i++)
        pause_ms(1);
    int turns = 0;
    while (stats_of(pool).connects == 1 && turns < 50) {
        pool_put(conn);
        conn = pool_get(pool, 0);
        CHECK(conn != NULL);
        turns++;
    }
    CHECK(turns == 50); /* all while the other still connects */
    pthread_join(slow.thread, NULL);
    CHECK(slow.error == 0);
    pool_put(conn);
    pool_free(pool);
    server_close(&server);
}

/* pool_close() and pool_free() wake those who wait; pool_free() with a waiter and a busy one. */
static void the_end_wakes_all(bool freed)
{
    enum { WAITERS = 5 };
    struct server server;
    struct caller callers[WAITERS];
    server_open(&server);
    struct pool *pool = pool_new(1, 0, connect_pair, &server);
    struct pool_conn *conn = pool_get(pool, 0);
    for (int i = 0; i < WAITERS; i++) {
        callers[i] = (struct caller){.pool = pool, .wait_ms = -1};
        pthread_create(&callers[i].thread, NULL, call, &callers[i]);
    }
    CHECK(until_waiting(pool, WAITERS));
    freed ? (void)pool_free(pool) : pool_close(pool);
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK(callers[i].error == ECANCELED);
    }
    int fd = pool_fd(conn);
    CHECK(is_open(fd));
    pool_put(conn);
    CHECK(!is_open(fd));
    if (!freed)
        CHECK(pool_free(pool) == 0);
    server_close(&server);
}

/* ---- many threads at once */

/* Which thread has the connection of a descriptor, by its number; 0 = none. A pair has two descriptors. */
static atomic_int owner[2 * MANY + 64];

struct load {
    struct pool *pool;
    int number; /* from 1 */
    long times;
    unsigned seed;
    bool failed;
};

/* Whether the connection is open, and nobody else's. From here on it is ours, until let_go(). */
static bool take_hold(const struct load *load, const struct pool_conn *conn)
{
    size_t fd = (size_t)pool_fd(conn);
    return fd < sizeof owner / sizeof owner[0] && is_open((int)fd) && atomic_exchange(&owner[fd], load->number) == 0;
}

/* To be called before the connection goes back: the next may have it at once. Whether it was ours all the time. */
static bool let_go(const struct load *load, const struct pool_conn *conn)
{
    size_t fd = (size_t)pool_fd(conn);
    return fd < sizeof owner / sizeof owner[0] && atomic_exchange(&owner[fd], 0) == load->number;
}

/* Gets and puts, now and then discards or waits too short a time. A connection must be open, and nobody else may have
 * it from get to put. */
static void *work(void *arg)
{
    struct load *load = arg;
    for (long i = 0; i < load->times; i++) {
        load->seed = load->seed * 1103515245u + 12345u;
        unsigned chance = load->seed >> 16 & 1023;
        struct pool_conn *conn = pool_get(load->pool, chance == 0 ? 1 : -1);
        if (conn == NULL) {
            load->failed |= errno != EBUSY && errno != ECONNREFUSED;
            continue;
        }
        bool alone = take_hold(load, conn);
        if (chance % 64 == 2)
            sched_yield(); /* so that others meet us here */
        alone &= let_go(load, conn);
        load->failed |= !alone;
        if (chance == 1 && i % 16 == 0)
            pool_discard(conn);
        else
            pool_put(conn);
    }
    return NULL;
}

static void stress(int threads, long times, int max)
{
    static struct server server;
    struct load *loads = calloc((size_t)threads, sizeof *loads);
    pthread_t *ids = calloc((size_t)threads, sizeof *ids);
    server_open(&server);
    struct pool *pool = pool_new(max, 0, connect_pair, &server);
    for (int i = 0; i < threads; i++) {
        loads[i] = (struct load){
            .pool = pool, .number = i + 1, .times = times / threads, .seed = (unsigned)i * 7919u + 1};
        pthread_create(&ids[i], NULL, work, &loads[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        CHECK(!loads[i].failed);
    }
    struct pool_stats stats = stats_of(pool);
    CHECK(stats.in_use == 0 && stats.idle == stats.open && stats.open <= max && stats.waiting == 0);
    CHECK(stats.connects == server.connects);
    CHECK(stats.connects + stats.reused + stats.wait_timeouts + stats.connect_errors == times / threads * threads);
    printf("stress: %d threads, %ld times, max %d: %lld connects, %lld waits, %lld of them in vain\n", threads, times,
           max, stats.connects, stats.wait_count, stats.wait_timeouts);
    CHECK(pool_free(pool) == 0);
    server_close(&server);
    free(loads);
    free(ids);
}

int main(int argc, char **argv)
{
    alarm(argc > 1 ? 3600 : 55); /* what hangs here is an error */
    if (argc == 4 && strcmp(argv[1], "stress") == 0) {
        stress(atoi(argv[2]), atol(argv[3]) / 2, 4);
        stress(atoi(argv[2]), atol(argv[3]) / 2, atoi(argv[2]));
        return failures > 0;
    }
    waiters_are_served_in_order(false);
    waiters_are_served_in_order(true);
    nobody_overtakes();
    a_failing_connect_wakes_the_next();
    a_wait_in_vain_leaves_nothing();
    handed_over_as_the_time_ends();
    connects_happen_outside_of_the_lock();
    the_end_wakes_all(false);
    the_end_wakes_all(true);
    stress(8, 20000, 3);
    return failures > 0;
}
