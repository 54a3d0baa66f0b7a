/* tcp_pool: calls to an echo server, by several workers over a pool of connections; and what that leaves in netstat.
 *
 *     tcp_pool --max 2 --workers 8 --calls 1000 127.0.0.1 7000
 *
 * Reading order: common/pool.h (the pool), this file (from start to end), worker.c (get, call, put), call.c (one
 * exchange), connect.c; sockets.c counts what the kernel shows, tell.c narrates. The partner is tcp_server, or any echo
 * server. Lesson 12.
 */
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "options.h"
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* After a stop signal workers end at once, except one whose stderr is stuck: nobody waits longer for it. */
enum { STOP_MS = 1000 };

static int close_on_exec_pipe(int ends[2])
{
    if (pipe(ends) == -1)
        return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return 0;
}

/* Prepares a run. Returns 0, or -1 after reporting why. */
static int open_run(struct run *run, const struct pool_options *options, const struct addrinfo *servers)
{
    *run = (struct run){.options = options, .servers = servers, .next = 1};
    pthread_mutex_init(&run->lock, NULL);
    if (close_on_exec_pipe(run->stop) == -1 || close_on_exec_pipe(run->over) == -1) {
        report_errno("pipe");
        return -1;
    }
    if (options->no_pool)
        return 0;
    run->pool = pool_new(options->max, options->idle_ms / 1000.0, connect_to_server, run);
    if (run->pool == NULL) {
        report_errno("a pool of %d", options->max);
        return -1;
    }
    pool_set_order(run->pool, options->order);
    pool_set_lifetime(run->pool, options->lifetime_ms / 1000.0);
    pool_set_check(run->pool, !options->naive);
    return 0;
}

/* Tells everybody to stop: those who wait for the pool, and those who wait for the network. */
static void stop_run(struct run *run)
{
    if (run->pool)
        pool_close(run->pool);
    close(run->stop[1]);
    run->stop[1] = -1;
}

/* Starts the workers and waits for the last of them. Returns whether all went well: no error, no stop signal. */
static bool make_all_calls(struct run *run)
{
    int wanted = run->options->workers;
    pthread_t *threads = calloc((size_t)wanted, sizeof *threads);
    if (threads == NULL) {
        report("no memory for %d workers", wanted);
        return false;
    }
    int started = start_workers(run, threads);
    bool stopped = started < wanted || await(run->over[0], POLLIN, -1) == -1;
    if (stopped) {
        stop_run(run);
        struct pollfd over = {.fd = run->over[0]};
        if (poll(&over, 1, STOP_MS) != 1)
            die_by_stop_signal();
    }
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return !stopped;
}

/* The calls that got no connection, for the end of a line; nothing if there were none. */
static void print_failed_gets(const struct run *run)
{
    if (run->none_in_time > 0)
        printf(", %lld got none in time", run->none_in_time);
    if (run->unconnected > 0)
        printf(", %lld could not connect", run->unconnected);
}

static void print_calls(const struct run *run, const struct pool_stats *pool, long long took_us)
{
    long long made = run->answered + run->failed;
    double seconds = took_us > 0 ? (double)took_us / 1e6 : 1e-6;
    printf("%lld calls: %lld answered, %lld failed, %lld repeated\n", made, run->answered, run->failed, run->repeated);
    printf("took %.3f s, %.0f calls/s\n", seconds, (double)made / seconds);
    if (run->pool == NULL) {
        printf("no pool: %lld connects", run->connects);
        print_failed_gets(run);
        putchar('\n');
        return;
    }
    printf("pool: %lld connects, %lld times kept ones, %lld waits", pool->connects, pool->reused, pool->wait_count);
    if (pool->wait_count > 0)
        printf(" of %lld µs on average", pool->wait_us / pool->wait_count);
    print_failed_gets(run);
    printf("\nclosed: %lld idle too long, %lld too old, %lld by the server, %lld after an error\n",
           pool->max_idle_time_closed, pool->max_lifetime_closed, pool->peer_closed, pool->discarded);
}

static void print_sockets(const char *when, int known, const struct socket_count *count)
{
    if (known == 0)
        printf("%-16s %11d %10d %9d\n", when, count->established, count->close_wait, count->time_wait);
}

int main(int argc, char **argv)
{
    struct pool_options options;
    report_as("tcp_pool");
    keep_standard_descriptors();
    int status = parse_options(argc, argv, &options);
    if (status != -1)
        return status;
    struct addrinfo *servers;
    if (address_lookup(options.host, options.port, SOCK_STREAM, 0, &servers) == -1)
        return EXIT_WORLD;
    await_stop_signals();

    struct run run;
    struct pool_stats stats = {0};
    struct socket_count before, meanwhile, after;
    if (open_run(&run, &options, servers) == -1)
        return EXIT_WORLD;
    int known = count_sockets(&run, &before);
    long long began = now_us();
    bool complete = make_all_calls(&run);
    long long took = now_us() - began;
    if (run.pool)
        pool_stats(run.pool, &stats);
    known |= count_settled_sockets(&run, &meanwhile);
    pool_free(run.pool);
    known |= count_settled_sockets(&run, &after);

    print_calls(&run, &stats, took);
    if (known == 0)
        printf("%-16s ESTABLISHED CLOSE_WAIT TIME_WAIT\n", "to the server");
    print_sockets("before", known, &before);
    print_sockets("after the calls", known, &meanwhile);
    print_sockets("at the end", known, &after);
    close(run.stop[0]);
    close(run.over[0]);
    if (run.stop[1] != -1)
        close(run.stop[1]);
    freeaddrinfo(servers);
    if (await_flush() == EOF && !stop_signal()) {
        report_errno("write to standard output");
        return EXIT_WORLD;
    }
    die_by_stop_signal();
    return complete && run.failed == 0 ? EXIT_DONE : EXIT_WORLD;
}
