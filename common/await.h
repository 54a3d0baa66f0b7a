/* await.h: the one place where our programs wait, so that a signal can end them in every phase.
 *
 * SIGINT and SIGTERM stay blocked except while await() sleeps and while output is written. A signal that comes at any
 * other moment is kept by the kernel until the next await(); none falls between "shall I stop?" and "sleep".
 *
 * Threads may all wait here. The kernel gives a stop signal to one of them, mostly the first thread; it is not the
 * others' until somebody hands it on: pthread_kill(thread, stop_signal()) ends that thread's await().
 */
#ifndef NETSTEP_AWAIT_H
#define NETSTEP_AWAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* From here on SIGINT and SIGTERM end the next await(), and SIGPIPE is ignored: a write to a connection that is gone
 * returns EPIPE instead of killing the program. Call it first in main. */
void await_stop_signals(void);

/* Sleeps until `fd` is ready for one of `events` (poll(2): POLLIN, POLLOUT; POLLERR and POLLHUP always count), or for
 * `timeout_ms` milliseconds (-1: no limit). fd -1 only sleeps.
 * Returns the events (> 0), 0 when the time is over, or -1 with errno: EINTR once a stop signal has come. */
int await(int fd, short events, int timeout_ms);

/* The same for several descriptors at once, as poll(2): the answers stand in `revents`, their number is returned. */
int await_any(struct pollfd *waiting, size_t count, int timeout_ms);

/* As await() and await_any(), but they return early with errno EAGAIN when a child process has
 * ended (for waitpid(2)). */
int await_or_child(int fd, short events, int timeout_ms);
int await_any_or_child(struct pollfd *waiting, size_t count, int timeout_ms);

/* write(2) to `fd`, which poll(2) has called writable. On a terminal that means room for one byte: where nobody reads,
 * a longer write sleeps. Here a stop signal ends that sleep. Returns the bytes written, or -1 with errno (EINTR once a
 * stop signal has come). */
ssize_t await_write(int fd, const void *bytes, size_t length);

/* Writes all of `text`, waiting for room. Once a stop signal has come, only what goes at once is written.
 * Returns 0, or -1 with errno; a part may have been written. */
int await_write_all(int fd, const char *text, size_t length);

/* fflush(stdout) that a stop signal ends; what could not be written then is thrown away, so that exit(3) does not try
 * it again. Returns as fflush. */
int await_flush(void);

/* For a loop of blocking calls in which to wait with await() first would cost as much as the call itself: from here on
 * a stop signal interrupts them (EINTR), and the loop looks at stop_signal(). A signal that comes between that look and
 * the call is not lost: the call is interrupted a second later. */
void let_stop_signals_interrupt(void);

/* Whether a stop signal has come, also one that waits for the next await(): for loops that don't need to sleep. */
bool stop_signal_pending(void);

/* The stop signal that came, or 0. */
int stop_signal(void);

/* Its name, "SIGINT" or "SIGTERM". */
const char *stop_signal_name(void);

/* Ends this process by the stop signal that came, the way it would have ended without await_stop_signals(): the shell
 * that started it can see that it was interrupted. Does nothing if none came. */
void die_by_stop_signal(void);

/* A monotonic clock in microseconds, for measuring durations. */
long long now_us(void);

#endif
