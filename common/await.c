/* await.c: ppoll(2) with the signal mask of the moment. ppoll is Linux and BSD; POSIX has it since 2024. */
#define _GNU_SOURCE
#include "common/await.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdio_ext.h> /* __fpurge: glibc, musl */
#include <time.h>
#include <unistd.h>

/* A signal handler gets no pointer of ours: this is why these stand at file scope. The first is atomic because a
 * handler may run in another thread than the one that looks. */
static atomic_int stop_signal_seen;
static volatile sig_atomic_t child_ended;

/* The mask while we sleep, set once: without the three signals that end a sleep. */
static sigset_t sleeping_mask;
static bool signals_are_blocked;

/* A signal can come after our last look and before a write falls asleep; that write would sleep on. The alarm clock,
 * each second anew, wakes it. alarm(2) may be called in a handler (signal-safety(7)). */
static void wake_again(int signal_number)
{
    (void)signal_number;
    alarm(1);
}

static void remember_stop(int signal_number)
{
    stop_signal_seen = signal_number;
    alarm(1);
}

static void remember_child(int signal_number)
{
    (void)signal_number;
    child_ended = 1;
}

void await_stop_signals(void)
{
    struct sigaction action = {.sa_handler = remember_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = remember_child;
    sigaction(SIGCHLD, &action, NULL);
    action.sa_handler = wake_again;
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);

    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &block, &sleeping_mask);
    sigdelset(&sleeping_mask, SIGINT);
    sigdelset(&sleeping_mask, SIGTERM);
    sigdelset(&sleeping_mask, SIGCHLD);
    signals_are_blocked = true;
}

/* Lets the stop signals through from here to close_mask(). SIGALRM may be blocked only by whoever started us. */
static void open_mask(sigset_t *before)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &stops, before);
}

static void close_mask(const sigset_t *before)
{
    int error = errno;
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = error;
}

/* What is left of a time-out that began at `start`; -1 stays -1. */
static int remaining_ms(int timeout_ms, long long start)
{
    if (timeout_ms < 0)
        return -1;
    long long left = timeout_ms - (now_us() - start) / 1000;
    return left > 0 ? (int)left : 0;
}

/* With a ready descriptor ppoll returns at once and never opens the mask: on a busy connection a stop signal would wait
 * for ever. So it is looked for (await.h). */
bool stop_signal_pending(void)
{
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGTERM))
        stop_signal_seen = SIGTERM;
    else if (sigismember(&pending, SIGINT))
        stop_signal_seen = SIGINT;
    return stop_signal_seen != 0;
}

/* One sleep. Returns as poll(2), or -1 with EINTR for a stop signal, EAGAIN for the end of a child. */
static int sleep_once(struct pollfd *waiting, size_t count, int left_ms)
{
    if (stop_signal_seen) { /* one is enough: nobody has to send a second */
        errno = EINTR;
        return -1;
    }
    struct timespec limit = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000L};
    int ready = ppoll(waiting, count, left_ms < 0 ? NULL : &limit, signals_are_blocked ? &sleeping_mask : NULL);
    int error = errno;
    if (stop_signal_seen || stop_signal_pending()) {
        errno = EINTR;
        return -1;
    }
    errno = error == EINTR ? EAGAIN : error;
    return ready;
}

int await_any(struct pollfd *waiting, size_t count, int timeout_ms)
{
    long long start = now_us();
    for (;;) {
        int ready = sleep_once(waiting, count, remaining_ms(timeout_ms, start));
        if (ready != -1 || errno != EAGAIN)
            return ready;
    }
}

int await(int fd, short events, int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = events};
    int ready = await_any(&waiting, 1, timeout_ms);
    return ready == 1 ? waiting.revents : ready;
}

int await_any_or_child(struct pollfd *waiting, size_t count, int timeout_ms)
{
    long long start = now_us();
    int ready = -1;
    errno = EAGAIN;
    while (!child_ended) { /* it may have ended during an await() that was not for it */
        ready = sleep_once(waiting, count, remaining_ms(timeout_ms, start));
        if (ready != -1 || errno != EAGAIN)
            return ready;
    }
    child_ended = 0;
    return ready;
}

int await_or_child(int fd, short events, int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = events};
    int ready = await_any_or_child(&waiting, 1, timeout_ms);
    return ready == 1 ? waiting.revents : ready;
}

ssize_t await_write(int fd, const void *bytes, size_t length)
{
    sigset_t before;
    open_mask(&before);
    ssize_t written = write(fd, bytes, length);
    close_mask(&before);
    return written;
}

int await_write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        struct pollfd now = {.fd = fd, .events = POLLOUT};
        if (await(fd, POLLOUT, -1) == -1 && poll(&now, 1, 0) != 1)
            return -1;
        ssize_t written = await_write(fd, text, length);
        if (written == -1 && (errno == EAGAIN || (errno == EINTR && !stop_signal_seen)))
            continue;
        if (written == -1)
            return -1;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

int await_flush(void)
{
    static atomic_bool given_up; /* by a stop signal: nobody reads, and each try would take another second */
    sigset_t before;
    open_mask(&before);
    int result = given_up ? EOF : fflush(stdout);
    while (result != 0 && !given_up && errno == EINTR) {
        given_up = stop_signal_seen != 0;
        if (!given_up)
            result = fflush(stdout);
    }
    if (given_up) {
        __fpurge(stdout);
        errno = EINTR;
    }
    close_mask(&before);
    return result;
}

void let_stop_signals_interrupt(void)
{
    sigset_t before;
    open_mask(&before);
}

int stop_signal(void)
{
    return stop_signal_seen;
}

const char *stop_signal_name(void)
{
    return stop_signal_seen == SIGTERM ? "SIGTERM" : "SIGINT";
}

void die_by_stop_signal(void)
{
    if (stop_signal_seen == 0)
        return;
    sigset_t open;
    sigemptyset(&open);
    sigaddset(&open, stop_signal_seen);
    signal(stop_signal_seen, SIG_DFL);
    raise(stop_signal_seen);
    pthread_sigmask(SIG_UNBLOCK, &open, NULL); /* a blocked signal is delivered here */
}

long long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}
