/* worker.c: what each thread does: the next call, on a connection of the pool, until none is left.
 *
 * A worker says pool_put() only after a whole exchange; whatever went wrong ends in pool_discard().
 */
#include "common/await.h"
#include "common/report.h"
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The number of the next call, or 0: all are made, or we stop. */
static long long next_call(struct run *run)
{
    struct pollfd stop = {.fd = run->stop[0]};
    if (poll(&stop, 1, 0) == 1)
        return 0;
    pthread_mutex_lock(&run->lock);
    long long number = run->next <= run->options->calls ? run->next++ : 0;
    pthread_mutex_unlock(&run->lock);
    return number;
}

static void count(struct run *run, long long *counter)
{
    pthread_mutex_lock(&run->lock);
    ++*counter;
    pthread_mutex_unlock(&run->lock);
}

/* What is the matter, by the text or by errno; that we stop is no failure. */
static void fail_call(struct run *run, long long number, const char *operation, const char *why)
{
    if (why || errno != ECANCELED)
        tell_failure(run, number, operation, why ? why : strerror(errno));
}

/* A call got no connection; errno says why. (pool_stats counts waits in vain, and with --wait 0 nobody waits.) */
static void fail_get(struct run *run, long long number)
{
    int error = errno;
    bool none_free = run->pool && error == EBUSY;
    if (error != ECANCELED)
        count(run, none_free ? &run->none_in_time : &run->unconnected);
    errno = error;
    fail_call(run, number, none_free ? "wait" : "connect", none_free ? "no connection came free in time" : NULL);
}

/* One call on a connection, told. */
static enum call_result call_on(struct run *run, int fd, bool reused, long long number)
{
    char connection[CONNECTION_TEXT_SIZE] = "";
    const char *why;
    if (!run->options->quiet)
        describe_connection(fd, reused, connection);
    long long began = now_us();
    enum call_result result = make_call(run, fd, number, &why);
    if (result == ANSWERED) {
        count(run, &run->answered);
        tell_call(run, number, connection, "answered in %lld µs", now_us() - began);
        return result;
    }
    int error = errno;
    const char *reason = why ? why : strerror(error);
    bool again = result == DEAD && reused && !run->options->naive;
    tell_call(run, number, connection, "%s%s", reason, again ? ": once more, on another" : "");
    errno = error;
    if (!again)
        fail_call(run, number, reused ? "on a kept connection" : "on a new connection", why);
    return again ? DEAD : BROKEN;
}

/* A call with the pool. A kept connection can be closed by the server after the pool has looked at it. Then the call is
 * repeated: the server closed before it answered, and an echo does no harm twice. (An order for a thousand books
 * would.) */
static void call_with_pool(struct run *run, long long number)
{
    for (;;) {
        struct pool_conn *conn = pool_get(run->pool, run->options->wait_ms);
        if (conn == NULL) {
            fail_get(run, number);
            return;
        }
        enum call_result result = call_on(run, pool_fd(conn), pool_reused(conn), number);
        if (result == ANSWERED) {
            pool_put(conn);
            return;
        }
        pool_discard(conn);
        if (result == BROKEN)
            return;
        count(run, &run->repeated);
    }
}

/* A call without: a handshake before it, and TIME_WAIT behind. */
static void call_without_pool(struct run *run, long long number)
{
    int fd = connect_to_server(run);
    if (fd == -1) {
        fail_get(run, number);
        return;
    }
    count(run, &run->connects);
    call_on(run, fd, false, number);
    close(fd);
}

static void *work(void *arg)
{
    struct run *run = arg;
    long long number;
    while ((number = next_call(run)) != 0) {
        if (run->options->step && wait_for_enter(run, number) == -1)
            break;
        run->pool ? call_with_pool(run, number) : call_without_pool(run, number);
        if (run->options->pause_ms > 0)
            wait_or_stop(run, -1, 0, run->options->pause_ms);
    }
    pthread_mutex_lock(&run->lock);
    if (--run->running == 0)
        close(run->over[1]);
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

int start_workers(struct run *run, pthread_t *threads)
{
    int started = 0;
    run->running = 1; /* us: nobody is the last before all have begun */
    for (; started < run->options->workers; started++) {
        pthread_mutex_lock(&run->lock);
        run->running++;
        pthread_mutex_unlock(&run->lock);
        int problem = pthread_create(&threads[started], NULL, work, run);
        if (problem) {
            errno = problem;
            report_errno("start worker %d of %d", started + 1, run->options->workers);
            pthread_mutex_lock(&run->lock);
            run->running--;
            pthread_mutex_unlock(&run->lock);
            break;
        }
    }
    pthread_mutex_lock(&run->lock);
    if (--run->running == 0)
        close(run->over[1]);
    pthread_mutex_unlock(&run->lock);
    return started;
}
