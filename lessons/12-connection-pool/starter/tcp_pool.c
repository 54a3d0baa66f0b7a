/* tcp_pool: calls to an echo server, by several threads over a pool of connections.
 *
 *     tcp_pool 127.0.0.1 7000 --max 2 --workers 4 --calls 20
 *
 * Fill the holes in the order of their numbers, compile, run: the program says which hole it has fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "variant.h"

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "tcp_pool: hole %d is not filled: its comment says what to do; or make hint LESSON=12\n", number);
    exit(1);
}

struct pool {
    pthread_mutex_t lock;  /* whoever reads or changes what follows holds it */
    pthread_cond_t freed;  /* is signalled when in_use has become less */
    int max, in_use;       /* so many may be in use at once; so many are, also those that are being made */
    int *idle, idle_count; /* descriptors of those that nobody uses now: room for max */
    struct sockaddr_in server;
};

struct work {
    struct pool *pool;
    pthread_mutex_t lock; /* for the counters */
    int next, calls, failed;
};

/* Whether the server still has this idle connection. Nothing was asked on it, so there is nothing to read, unless the
 * server has closed: then a read would return 0, or an error. */
static int is_alive(int fd)
{
    (void)fd; /* take this line out when you use it */

    /* Hole 2: look without taking and without waiting: recv(2) of one byte with MSG_PEEK | MSG_DONTWAIT. If it returns
     * -1 and errno is EAGAIN, nothing is there, and the connection is alive: return 1. Otherwise return 0. */
    hole(2);

    return 1;
}

/* A new connection to the server, or -1. */
static int new_connection(struct pool *pool)
{
    int fd = -1;
    (void)pool; /* take this line out when you use it */

    /* Hole 3: socket(2), and connect(2) to pool->server. If connect fails, close the socket, and return -1. */
    hole(3);

    return fd;
}

/* Ends the use of a place, and wakes one of those who wait for it. */
static void free_place(struct pool *pool)
{
    (void)pool; /* take this line out when you use it */

    /* Hole 4: under the lock, in_use becomes less by one, and pthread_cond_signal(3) wakes one that waits. A place has
     * to come back after everything: a good call, a bad one, and a connect that failed. */
    hole(4);
}

/* A connection to be used by the caller alone, or -1; *kept says whether it had been used before. */
static int pool_get(struct pool *pool, int *kept)
{
    int fd = -1;
    pthread_mutex_lock(&pool->lock);

    /* Hole 1: while in_use is max, wait: pthread_cond_wait(3) for `freed`, which lets go of the lock meanwhile. Then
     * in_use becomes more by one. */
    hole(1);

    while (fd == -1 && pool->idle_count > 0) {
        fd = pool->idle[--pool->idle_count];
        if (!is_alive(fd)) {
            close(fd); /* otherwise it stays in CLOSE_WAIT */
            fd = -1;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    *kept = fd != -1;
    if (fd == -1)
        fd = new_connection(pool); /* not under the lock: meanwhile the others can go on */
    if (fd == -1)
        free_place(pool);
    return fd;
}

/* Gives a connection back, for others. */
static void pool_put(struct pool *pool, int fd)
{
    (void)fd; /* take this line out when you use it */

    /* Hole 6: under the lock, put it on top of the idle ones: idle[idle_count], and idle_count becomes more by one. */
    hole(6);

    free_place(pool);
}

/* Gives a connection back that is of no use any more. */
static void pool_discard(struct pool *pool, int fd)
{
    close(fd);
    free_place(pool);
}

enum { ANSWERED, GONE, WRONG };

/* One call: the line there, and the same line back. Returns ANSWERED; GONE if the connection ended and not a byte of an
 * answer had come; WRONG after anything else. */
static int make_call(int fd, const char *line)
{
    char answer[100];
    size_t length = strlen(line), had = 0;
    if (write(fd, line, length) != (ssize_t)length) /* so few bytes go in one write */
        return GONE;
    (void)answer; /* take these two lines out when you use them */
    (void)had;

    /* Hole 5: read(2) into `answer`, behind the `had` bytes that are there, until there are `length`. If read returns 0
     * or -1 the connection has ended: return GONE if `had` is 0, else WRONG. What has come has to be `line`, memcmp(3);
     * if not, return WRONG. */
    hole(5);

    return ANSWERED;
}

/* Call number `number`, on a connection of the pool. Returns 0, or -1. */
static int call_once(struct pool *pool, int number)
{
    char line[40];
    int kept, fd = pool_get(pool, &kept);
    snprintf(line, sizeof line, "%s %d%s", CALL, number, END); /* CALL and END are your variant's (variant.h) */
    if (fd == -1) {
        fprintf(stderr, "tcp_pool: call %d: connect: %s\n", number, strerror(errno));
        return -1;
    }
    int result = make_call(fd, line);
    if (result == ANSWERED) {
        pool_put(pool, fd);
        return 0;
    }
    pool_discard(pool, fd);
    if (result == GONE && kept) {
        /* Hole 7: the server closed a kept connection just when we wrote to it. Make the call again: on another one,
         * and as often as it takes. Return what that returns. */
        hole(7);
    }
    fprintf(stderr, "tcp_pool: call %d: no answer, or another one\n", number);
    return -1;
}

static void *worker(void *arg)
{
    struct work *work = arg;
    for (;;) {
        pthread_mutex_lock(&work->lock);
        int number = work->next <= work->calls ? work->next++ : 0;
        pthread_mutex_unlock(&work->lock);
        if (number == 0)
            return NULL;
        int result = call_once(work->pool, number);
        pthread_mutex_lock(&work->lock);
        work->failed += result == -1;
        pthread_mutex_unlock(&work->lock);
    }
}

/* A number from 1 to `most`; 0 if the word is none. */
static int number_of(const char *word, long most)
{
    char *end;
    long number = strtol(word, &end, 10);
    return *word != '\0' && *end == '\0' && number >= 1 && number <= most ? (int)number : 0;
}

int main(int argc, char **argv)
{
    struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .freed = PTHREAD_COND_INITIALIZER};
    struct work work = {.pool = &pool, .lock = PTHREAD_MUTEX_INITIALIZER, .next = 1};
    int workers = 0;
    pool.server.sin_family = AF_INET;
    if (argc == 9 && strcmp(argv[3], "--max") == 0 && strcmp(argv[5], "--workers") == 0 &&
        strcmp(argv[7], "--calls") == 0) {
        pool.server.sin_port = htons((uint16_t)number_of(argv[2], 65535));
        pool.max = number_of(argv[4], 10000);
        workers = number_of(argv[6], 10000);
        work.calls = number_of(argv[8], 1000000000);
    }
    if (pool.server.sin_port == 0 || pool.max == 0 || workers == 0 || work.calls == 0 ||
        inet_pton(AF_INET, argv[1], &pool.server.sin_addr) != 1) {
        fprintf(stderr, "usage: tcp_pool ADDRESS PORT --max N --workers W --calls K\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a write to a connection that is gone has to return -1, not to end us */
    pool.idle = calloc((size_t)pool.max, sizeof *pool.idle);
    pthread_t *threads = calloc((size_t)workers, sizeof *threads);
    for (int i = 0; i < workers; i++)
        if (pthread_create(&threads[i], NULL, worker, &work) != 0) {
            fprintf(stderr, "tcp_pool: no thread for worker %d\n", i + 1);
            exit(1);
        }
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    while (pool.idle_count > 0)
        close(pool.idle[--pool.idle_count]);
    free(pool.idle);
    free(threads);
    return work.failed > 0;
}
