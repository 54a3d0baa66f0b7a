/* bare_pool: get and put of common/pool.h, beside a mutex that nobody else wants.
 *
 *     bare_pool mutex|pool|no-look THREADS TIMES     so many times all together; no-look: pool_set_check(pool, false)
 *
 * There is a connection for each thread, so that nobody waits: what is measured is the pool, not the waiting.
 */
#include "common/pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST_THREADS = 64 };

struct task {
    struct pool *pool; /* NULL: only the mutex */
    pthread_mutex_t *lock;
    long times;
};

static int connect_pair(void *arg)
{
    int pair[2]; /* the far end stays open until we end */
    (void)arg;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 ? pair[0] : -1;
}

static void *work(void *arg)
{
    const struct task *task = arg;
    for (long i = 0; i < task->times; i++) {
        if (task->pool == NULL) {
            pthread_mutex_lock(task->lock);
            pthread_mutex_unlock(task->lock);
        } else {
            struct pool_conn *conn = pool_get(task->pool, -1);
            if (conn == NULL)
                abort();
            pool_put(conn);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t threads[MOST_THREADS];
    int count = argc == 4 ? atoi(argv[2]) : 0;
    if (count < 1 || count > MOST_THREADS) {
        fprintf(stderr, "usage: bare_pool mutex|pool|no-look THREADS TIMES\n");
        return 2;
    }
    struct task task = {.lock = &lock, .times = atol(argv[3]) / count};
    if (strcmp(argv[1], "mutex") != 0) {
        task.pool = pool_new(count, 30, connect_pair, NULL);
        if (task.pool == NULL)
            return 1;
        pool_set_check(task.pool, strcmp(argv[1], "no-look") != 0);
    }
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, work, &task) != 0)
            return 1;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pool_free(task.pool);
    return 0;
}
