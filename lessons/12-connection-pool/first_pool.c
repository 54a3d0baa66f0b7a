/* first_pool: a pool of connections with the five faults of the course's library. To be read and broken, not to be
 * used.
 *
 *     first_pool 127.0.0.1 7000 2 get call put get call put free
 *
 * behind HOST, PORT and the largest number of connections stand the steps: get a connection, call (write hello, read
 * the answer) on the one got last, put the one got last back, free the pool, wait for Enter.
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

struct idle {
    int fd;
    struct idle *next;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    int max, used;
    struct idle *idle;
    struct sockaddr_in server;
};

static int pool_get(struct pool *pool)
{
    int fd = -1;
    pthread_mutex_lock(&pool->lock);
    while (pool->used == pool->max)
        pthread_cond_wait(&pool->returned, &pool->lock);
    pool->used++;
    struct idle *first = pool->idle;
    if (first != NULL) {
        fd = first->fd;
        pool->idle = first->next;
        free(first);
    }
    pthread_mutex_unlock(&pool->lock);
    if (fd == -1) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&pool->server, sizeof pool->server) == -1)
            return -1;
    }
    return fd;
}

static void pool_put(struct pool *pool, int fd)
{
    struct idle *one = malloc(sizeof *one);
    if (one == NULL)
        abort();
    pthread_mutex_lock(&pool->lock);
    *one = (struct idle){.fd = fd, .next = pool->idle};
    pool->idle = one;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
}

static void pool_free(struct pool *pool)
{
    close(pool->idle->fd); /* NOLINT(clang-analyzer-core.NullDereference): two of the faults */
    free(pool->idle);
    pool->idle = NULL;
}

/* What became of a call. */
static const char *call(int fd)
{
    char answer[6];
    if (write(fd, "hello\n", 6) == -1)
        return strerror(errno);
    ssize_t got = read(fd, answer, sizeof answer);
    return got == 0 ? "the server had closed it" : got == -1 ? strerror(errno) : "answered";
}

int main(int argc, char **argv)
{
    struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .returned = PTHREAD_COND_INITIALIZER};
    int mine[100], count = 0;
    pool.server.sin_family = AF_INET;
    if (argc < 5 || argc > 100 || inet_pton(AF_INET, argv[1], &pool.server.sin_addr) != 1) {
        fprintf(stderr, "usage: first_pool ADDRESS PORT MAX STEP...   (get, call, put, free, wait)\n");
        return 2;
    }
    pool.server.sin_port = htons((uint16_t)atoi(argv[2]));
    pool.max = atoi(argv[3]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    for (char **step = argv + 4; *step; step++) {
        if (strcmp(*step, "get") == 0) {
            int kept = pool.idle != NULL, fd = pool_get(&pool);
            printf("get: %s\n", fd == -1 ? strerror(errno) : kept ? "a kept one" : "a new one");
            if (fd != -1)
                mine[count++] = fd;
        } else if (strcmp(*step, "call") == 0 && count > 0) {
            printf("call: %s\n", call(mine[count - 1]));
        } else if (strcmp(*step, "put") == 0 && count > 0) {
            pool_put(&pool, mine[--count]);
            printf("put\n");
        } else if (strcmp(*step, "free") == 0) {
            pool_free(&pool);
            printf("free\n");
        } else if (strcmp(*step, "wait") == 0) {
            printf("wait for Enter\n");
            getchar();
        }
    }
    return 0;
}
