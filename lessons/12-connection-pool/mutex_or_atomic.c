/* mutex_or_atomic: what it costs to share, by a mutex or by atomic operations (C11, stdatomic.h).
 *
 *     mutex_or_atomic 4        four threads; without a number, one
 *
 * A counter that all add to, and a stack of 16 numbers: take one off, put it back, which is what a pool does. Each
 * thread does so a million times; shown is the time for one operation, all threads together.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TIMES = 1000000, ITEMS = 16, MOST_THREADS = 64, NONE = ITEMS };

struct shared {
    pthread_mutex_t lock;
    long counted;                  /* under the lock */
    _Atomic long atomic_counted;   /* without */
    int stack[ITEMS], height;      /* under the lock */
    _Atomic uint64_t top;          /* without: the number on top, and above it a version */
    _Atomic unsigned below[ITEMS]; /* the number below each number */
};

static void count_with_mutex(struct shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    shared->counted++;
    pthread_mutex_unlock(&shared->lock);
}

static void count_atomically(struct shared *shared)
{
    atomic_fetch_add(&shared->atomic_counted, 1);
}

static void stack_with_mutex(struct shared *shared)
{
    int item = NONE;
    while (item == NONE) { /* more threads than numbers: the stack can be empty */
        pthread_mutex_lock(&shared->lock);
        if (shared->height > 0)
            item = shared->stack[--shared->height];
        pthread_mutex_unlock(&shared->lock);
    }
    pthread_mutex_lock(&shared->lock);
    shared->stack[shared->height++] = item;
    pthread_mutex_unlock(&shared->lock);
}

/* Compare and swap: put in the new top if it is still the old one; otherwise look again. The version changes with every
 * swap: without it, a top that was taken, and is back with another number below it, would look like the old one (the
 * ABA problem), and the stack would be broken. */
static void stack_atomically(struct shared *shared)
{
    uint64_t top = atomic_load(&shared->top), wanted;
    do {
        while ((unsigned)top == NONE)
            top = atomic_load(&shared->top);
        wanted = ((top >> 32) + 1) << 32 | atomic_load(&shared->below[(unsigned)top]);
    } while (!atomic_compare_exchange_weak(&shared->top, &top, wanted));
    unsigned item = (unsigned)top;
    top = atomic_load(&shared->top);
    do {
        atomic_store(&shared->below[item], (unsigned)top);
        wanted = ((top >> 32) + 1) << 32 | item;
    } while (!atomic_compare_exchange_weak(&shared->top, &top, wanted));
}

typedef void operation_fn(struct shared *shared);

struct task {
    operation_fn *operation;
    struct shared *shared;
};

static void *work(void *arg)
{
    const struct task *task = arg;
    for (int i = 0; i < TIMES; i++)
        task->operation(task->shared);
    return NULL;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(const char *name, operation_fn *operation, struct shared *shared, int count)
{
    pthread_t threads[MOST_THREADS];
    struct task task = {.operation = operation, .shared = shared};
    double began = seconds();
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, work, &task) != 0)
            exit(1);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("%-24s %6.1f ns\n", name, (seconds() - began) * 1e9 / TIMES / count);
}

int main(int argc, char **argv)
{
    static struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int count = argc > 1 ? atoi(argv[1]) : 1;
    if (count < 1 || count > MOST_THREADS) {
        fprintf(stderr, "usage: mutex_or_atomic [THREADS]   (1 to %d)\n", MOST_THREADS);
        return 2;
    }
    for (unsigned i = 0; i < ITEMS; i++) {
        shared.stack[shared.height++] = (int)i;
        atomic_store(&shared.below[i], i + 1); /* the last one's is NONE */
    }
    measure("counter, mutex", count_with_mutex, &shared, count);
    measure("counter, atomic", count_atomically, &shared, count);
    measure("stack, mutex", stack_with_mutex, &shared, count);
    measure("stack, compare and swap", stack_atomically, &shared, count);
    if (shared.counted != (long)count * TIMES || atomic_load(&shared.atomic_counted) != (long)count * TIMES ||
        shared.height != ITEMS) {
        fprintf(stderr, "mutex_or_atomic: something got lost\n");
        return 1;
    }
    return 0;
}
