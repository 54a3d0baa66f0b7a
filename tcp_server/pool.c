/* pool.c: a few threads, the workers, and a bounded queue of requests in front of them.
 *
 * The first thread watches all connections with epoll, as epoll.c does. It serves none: a connection that is ready goes
 * into the queue (work_queue.c), and a worker gives it a turn (turn.c) and has it watched again. So an idle client
 * holds no worker, slow work holds no more than --workers, and what waits for them is at most --queue requests.
 *
 * When the queue is full, --when-full decides. wait: the first thread takes nothing more until there is room. What then
 * waits, waits in the kernel: bytes in Recv-Q until a window closes, connections in the accept queue until SYNs are
 * dropped. That is flow control, all the way to the clients. reject: a client that is too much is reset at once, and
 * can go elsewhere.
 *
 * EPOLLONESHOT tells of a connection once and then keeps silent until it is armed again: so one that lies in the queue
 * or is at a worker's belongs to nobody else. Linux only, for epoll: see epoll.c.
 */
#ifdef __linux__
#define _GNU_SOURCE /* accept4 */
#include "common/accept_again.h"
#include "common/address.h"
#include "common/await.h"
#include "common/report.h"
#include "models.h"
#include "turn.h"
#include "work_queue.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, BATCH = 16 };

struct pool {
    const struct server_options *options;
    struct narrator *narrator; /* the first thread's */
    int epoll_fd, listen_fd;   /* listen_fd -1: --max clients have come */
    int wake_fd;               /* an eventfd: a worker has something for the first thread to see */
    struct work_queue queue;
    pthread_mutex_t idle_lock;     /* guards `idle`, and closing what is in it */
    struct connection_list idle;   /* the connections that are armed: in no queue, at no worker's */
    atomic_llong open;             /* connections, wherever they are */
    atomic_int working;            /* workers that have not ended */
    pthread_t first, *workers;     /* workers: ours to free */
    int started;                   /* how many of them there are */
    long long accepted, accept_at; /* accept_at: not accepting until then (now_us); 0 = accepting */
    bool trouble_said, full_said;
    int status; /* EXIT_DONE, and EXIT_WORLD ends it all */
};

/* ---- the workers */

static void wake_first_thread(struct pool *pool)
{
    uint64_t one = 1;
    while (write(pool->wake_fd, &one, sizeof one) == -1 && errno == EINTR)
        ;
}

/* Has the connection watched again. From here on another worker may have it: the lock keeps it ours to the end. */
static void arm(struct pool *pool, struct connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = connection};
    pthread_mutex_lock(&pool->idle_lock);
    list_add(&pool->idle, connection);
    epoll_ctl(pool->epoll_fd, EPOLL_CTL_MOD, connection->client.connection, &event); /* in the list: it can't fail */
    pthread_mutex_unlock(&pool->idle_lock);
}

/* A connection that is in no list ends. The first thread may be waiting for the last one. */
static void end_connection(struct pool *pool, struct connection *connection, struct narrator *narrator)
{
    close_connection(connection, narrator);
    if (atomic_fetch_sub(&pool->open, 1) == 1)
        wake_first_thread(pool);
}

static void *work(void *argument)
{
    struct pool *pool = argument;
    struct narrator narrator;
    struct connection *batch[BATCH];
    char buffer[TURN_SIZE];
    size_t count;
    bool was_full;
    narrate_in_thread(&narrator, pool->narrator);
    while ((count = queue_take(&pool->queue, batch, BATCH, &was_full)) > 0) {
        if (was_full)
            wake_first_thread(pool);
        narrate_say(&narrator, "takes %zu of the requests in the queue", count);
        for (size_t i = 0; i < count; i++) {
            enum turn turn = take_turn(batch[i], buffer, pool->options, &narrator);
            if (turn == IS_OVER || stop_signal())
                end_connection(pool, batch[i], &narrator);
            else
                arm(pool, batch[i], turn == WAITS_TO_READ ? EPOLLIN : EPOLLOUT);
        }
    }
    narrate_close(&narrator);
    if (stop_signal()) /* the kernel gave it to one thread; the first has to know */
        pthread_kill(pool->first, stop_signal());
    atomic_fetch_sub(&pool->working, 1);
    wake_first_thread(pool);
    return NULL;
}

static int start_workers(struct pool *pool)
{
    pool->workers = calloc((size_t)pool->options->workers, sizeof *pool->workers);
    if (pool->workers == NULL)
        return -1;
    for (; pool->started < pool->options->workers; pool->started++) {
        atomic_fetch_add(&pool->working, 1);
        errno = pthread_create(&pool->workers[pool->started], NULL, work, pool);
        if (errno != 0) {
            atomic_fetch_sub(&pool->working, 1);
            return -1;
        }
    }
    return 0;
}

/* Ends the workers, wherever they wait: in the queue, in a pause, before a full pipe on standard output. */
static void end_workers(struct pool *pool)
{
    queue_close(&pool->queue);
    struct pollfd ended = {.fd = pool->wake_fd, .events = POLLIN};
    while (atomic_load(&pool->working) > 0) { /* again and again: one may not have fallen asleep yet when it was told */
        for (int i = 0; i < pool->started && stop_signal(); i++)
            pthread_kill(pool->workers[i], stop_signal());
        uint64_t count;
        if (poll(&ended, 1, 100) == 1 && read(pool->wake_fd, &count, sizeof count) == -1)
            continue;
    }
    for (int i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i], NULL);
    free(pool->workers);
}

/* ---- the first thread: clients come in */

static void watch_listener(struct pool *pool, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = NULL};
    if (epoll_ctl(pool->epoll_fd, operation, pool->listen_fd, &event) == -1) {
        report_errno("epoll_ctl");
        pool->status = EXIT_WORLD;
    }
}

/* Leaves clients in the accept queue for a while: after trouble, or for --pause-accept. */
static void accept_later(struct pool *pool, int delay_ms)
{
    pool->accept_at = now_us() + delay_ms * 1000LL;
    watch_listener(pool, EPOLL_CTL_MOD, 0);
}

static void add_connection(struct pool *pool, const struct client *client)
{
    struct connection *connection = open_connection(client);
    struct epoll_event nothing_yet = {.events = 0, .data.ptr = connection};
    if (connection == NULL || epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, client->connection, &nothing_yet) == -1) {
        report_errno("client %s is turned away", client->address);
        free(connection);
        close(client->connection);
        return;
    }
    atomic_fetch_add(&pool->open, 1);
    arm(pool, connection, EPOLLIN);
}

static void accept_client(struct pool *pool)
{
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;
    struct client client;
    narrate_call(pool->narrator, "accept(%d)", pool->listen_fd);
    client.connection = accept4(pool->listen_fd, (struct sockaddr *)&peer, &peer_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client.connection == -1) {
        int delay = accept_delay_ms(&pool->trouble_said);
        if (delay > 0)
            accept_later(pool, delay);
        else if (delay == -1)
            pool->status = EXIT_WORLD;
        return;
    }
    pool->trouble_said = false;
    address_text((struct sockaddr *)&peer, client.address);
    narrate_result(pool->narrator, client.connection, client.connection, "from %s", client.address);
    add_connection(pool, &client);
    if (++pool->accepted == pool->options->max_clients) {
        close(pool->listen_fd); /* no new clients while the last ones are served */
        pool->listen_fd = -1;
    } else if (pool->options->pause_accept_ms) {
        accept_later(pool, pool->options->pause_accept_ms);
    }
}

/* ---- the first thread: requests go into the queue */

/* The queue is full, and --when-full reject: a reset, at once. */
static void reject(struct pool *pool, struct connection *connection)
{
    if (!pool->full_said)
        report("client %s is turned away: the queue is full", connection->client.address);
    pool->full_said = true;
    make_close_reset(connection->client.connection, pool->narrator);
    end_connection(pool, connection, pool->narrator);
}

/* A connection is ready, and disarmed since it told us. */
static void take_request(struct pool *pool, struct connection *connection)
{
    pthread_mutex_lock(&pool->idle_lock); /* until the worker that armed it has let go of it */
    list_remove(&pool->idle, connection);
    pthread_mutex_unlock(&pool->idle_lock);
    if (queue_add(&pool->queue, connection))
        pool->full_said = false;
    else
        reject(pool, connection);
}

/* How many events may be taken now. 0: the queue is full, and --when-full wait. */
static int events_wanted(struct pool *pool)
{
    size_t room = queue_room(&pool->queue);
    if (pool->options->reject || room >= EVENTS)
        return EVENTS;
    if (room == 0 && !pool->full_said)
        narrate_say(pool->narrator, "the queue is full: nothing is taken until a worker has room");
    pool->full_said = room == 0;
    return (int)room;
}

/* How long the first thread may sleep until a clock of its own runs out; -1 = for ever. */
static int sleep_ms(struct pool *pool)
{
    pthread_mutex_lock(&pool->idle_lock);
    int silence = silence_left_ms(&pool->idle, pool->options);
    pthread_mutex_unlock(&pool->idle_lock);
    if (silence == -1) /* nobody is idle now; but a worker may arm one while we sleep */
        silence = pool->options->timeout_ms;
    if (pool->accept_at == 0 || pool->listen_fd == -1)
        return silence;
    long long left = (pool->accept_at - now_us() + 999) / 1000;
    int pause = left > 0 ? (int)left : 0;
    return silence != -1 && silence < pause ? silence : pause;
}

/* Whatever is due by the clock. */
static void look_at_clock(struct pool *pool)
{
    struct connection *silent;
    pthread_mutex_lock(&pool->idle_lock);
    while ((silent = find_silent(&pool->idle, pool->options)) != NULL) {
        list_remove(&pool->idle, silent);
        end_connection(pool, silent, pool->narrator);
    }
    pthread_mutex_unlock(&pool->idle_lock);
    if (pool->accept_at != 0 && pool->listen_fd != -1 && now_us() >= pool->accept_at) {
        pool->accept_at = 0;
        watch_listener(pool, EPOLL_CTL_MOD, EPOLLIN);
    }
}

/* Takes what is ready, `most` of it. */
static void take_events(struct pool *pool, int most)
{
    struct epoll_event ready[EVENTS];
    int count = epoll_wait(pool->epoll_fd, ready, most, 0);
    if (count > 0)
        narrate_result(pool->narrator, -1, count, "so many are ready");
    for (int i = 0; i < count; i++)
        if (ready[i].data.ptr != NULL)
            take_request(pool, ready[i].data.ptr);
        else if (pool->listen_fd != -1)
            accept_client(pool);
}

static void watch_and_queue(struct pool *pool)
{
    while (pool->status == EXIT_DONE && (pool->listen_fd != -1 || atomic_load(&pool->open) > 0)) {
        struct pollfd waiting[] = {{.fd = pool->wake_fd, .events = POLLIN}, {.fd = pool->epoll_fd, .events = POLLIN}};
        int most = events_wanted(pool);
        if (most > 0) {
            narrate_call(pool->narrator, "epoll_wait(%d, ready, %d)", pool->epoll_fd, most);
            narrate_wait(pool->narrator, pool->epoll_fd, POLLIN, "nobody is ready");
        }
        if (await_any(waiting, most > 0 ? 2 : 1, sleep_ms(pool)) == -1)
            break;
        uint64_t woken;
        if (waiting[0].revents && read(pool->wake_fd, &woken, sizeof woken) == -1 && errno != EAGAIN)
            break; /* can't be */
        if (most > 0 && waiting[1].revents)
            take_events(pool, most);
        look_at_clock(pool);
    }
}

/* The workers have ended: what is open still is ours alone. */
static void close_all(struct pool *pool)
{
    struct connection *left;
    while ((left = queue_left(&pool->queue)) != NULL)
        end_connection(pool, left, pool->narrator);
    while ((left = pool->idle.first) != NULL) {
        list_remove(&pool->idle, left);
        end_connection(pool, left, pool->narrator);
    }
    queue_free(&pool->queue);
    pthread_mutex_destroy(&pool->idle_lock);
    if (pool->listen_fd != -1)
        close(pool->listen_fd);
    close(pool->epoll_fd);
    close(pool->wake_fd);
}

int serve_pool(int listen_fd, const struct server_options *options, struct narrator *narrator)
{
    struct pool pool = {.options = options, .narrator = narrator, .listen_fd = listen_fd, .first = pthread_self()};
    pthread_mutex_init(&pool.idle_lock, NULL); /* without attributes it can't fail */
    narrate_call(narrator, "epoll_create1(EPOLL_CLOEXEC)");
    pool.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    narrate_result(narrator, -1, pool.epoll_fd, "the kernel's list of what we watch");
    pool.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (queue_open(&pool.queue, (size_t)options->queue, (size_t)options->workers) == -1 || pool.epoll_fd == -1 ||
        pool.wake_fd == -1 || start_workers(&pool) == -1) {
        report_errno("a pool of %d workers", options->workers);
        pool.status = EXIT_WORLD;
    }
    if (pool.status == EXIT_DONE)
        watch_listener(&pool, EPOLL_CTL_ADD, EPOLLIN);
    if (pool.status == EXIT_DONE && options->pause_accept_ms)
        accept_later(&pool, options->pause_accept_ms);
    watch_and_queue(&pool);
    end_workers(&pool);
    close_all(&pool);
    return pool.status;
}
#else
typedef int this_file_is_empty; /* a translation unit may not be */
#endif
