/* call.c: one exchange over a connection: a line there, the same line back. Only when it has come back whole is the
 * connection fit for another call: what is left unread would be taken for the next call's answer. */
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Writes the whole line. Returns 0, or -1 with errno. */
static int write_line(const struct run *run, int fd, const char *line, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, line, length);
        if (written == -1 && errno == EAGAIN) {
            if (wait_or_stop(run, fd, POLLOUT, run->options->timeout_ms) == -1)
                return -1;
        } else if (written == -1 && errno != EINTR) {
            return -1;
        } else if (written > 0) {
            line += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

/* Whether an error says that the other side was gone before it took our call. */
static bool was_gone(int error)
{
    return error == EPIPE || error == ECONNRESET;
}

/* Reads what ought to be `line`. */
static enum call_result read_line(const struct run *run, int fd, const char *line, size_t length, const char **why)
{
    char answer[64];
    size_t had = 0;
    while (had < length) {
        ssize_t got = read(fd, answer + had, sizeof answer - had);
        if (got == -1 && errno == EAGAIN) {
            if (wait_or_stop(run, fd, POLLIN, run->options->timeout_ms) == -1)
                return BROKEN;
        } else if (got == -1 && errno != EINTR) {
            return had == 0 && was_gone(errno) ? DEAD : BROKEN;
        } else if (got == 0) {
            *why = had == 0 ? "the server had closed it" : "the server closed it in the middle of the answer";
            return had == 0 ? DEAD : BROKEN;
        } else if (got > 0) {
            had += (size_t)got;
            if (had > length || memcmp(answer, line, had) != 0) {
                *why = "the answer is not what was sent (is it an echo server?)";
                return BROKEN;
            }
        }
    }
    return ANSWERED;
}

enum call_result make_call(const struct run *run, int fd, long long number, const char **why)
{
    char line[40];
    size_t length = (size_t)snprintf(line, sizeof line, "call %lld\n", number);
    *why = NULL;
    if (write_line(run, fd, line, length) == -1)
        return was_gone(errno) ? DEAD : BROKEN;
    return read_line(run, fd, line, length, why);
}
