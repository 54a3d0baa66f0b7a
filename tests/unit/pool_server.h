/* pool_server.h: what the tests of the pool share: the other side. Its connections are socket pairs, whose far ends are
 * kept here, so that a test can close one or write into it. */
#ifndef NETSTEP_TESTS_POOL_SERVER_H
#define NETSTEP_TESTS_POOL_SERVER_H

#include "common/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 4096 };

static int failures;

#define CHECK(good) check((good), #good, __func__, __LINE__)
static void check(bool good, const char *what, const char *test, int line)
{
    if (!good) {
        printf("%s, line %d: not true: %s\n", test, line, what);
        failures++;
    }
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* ---- the other side */

struct server {
    pthread_mutex_t lock;
    int connects, failing; /* so many of the next connects fail */
    int delay_ms;          /* a connect takes so long */
    int far[MANY];         /* the far end of each connection, in the order of their making */
};

static void server_open(struct server *server)
{
    memset(server, 0, sizeof *server);
    pthread_mutex_init(&server->lock, NULL);
}

static void server_close(struct server *server)
{
    for (int i = 0; i < server->connects; i++)
        if (server->far[i] != -1)
            close(server->far[i]);
    pthread_mutex_destroy(&server->lock);
}

static int connect_pair(void *arg)
{
    struct server *server = arg;
    int pair[2];
    if (server->delay_ms)
        pause_ms(server->delay_ms);
    pthread_mutex_lock(&server->lock);
    bool fails = server->failing > 0;
    server->failing -= fails;
    bool made = !fails && server->connects < MANY && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
    if (made)
        server->far[server->connects++] = pair[1];
    pthread_mutex_unlock(&server->lock);
    if (!made)
        errno = ECONNREFUSED;
    return made ? pair[0] : -1;
}

static struct pool_stats stats_of(struct pool *pool)
{
    struct pool_stats stats;
    pool_stats(pool, &stats);
    return stats;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) != -1;
}

#endif
