/* tell.c: the narration. It is the workers', several at once: a line is one write, so that lines stay whole. TCP_INFO
 * is Linux's; elsewhere lines would have no state. */
#define _DEFAULT_SOURCE /* struct tcp_info */
#include "common/address.h"
#include "common/tcp_state.h"
#include "run.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FAILURES_TOLD = 5, LINE_SIZE = 400 };

/* Writes a line that ends where it has to. Whom nobody listens to goes on all the same. */
static void write_line(char *line, int length)
{
    if (length >= LINE_SIZE)
        length = LINE_SIZE - 1;
    line[length - 1] = '\n';
    if (write(STDERR_FILENO, line, (size_t)length) == -1)
        return;
}

void describe_connection(int fd, bool reused, char *text)
{
    struct sockaddr_storage local = {.ss_family = AF_UNSPEC};
    struct tcp_info info = {.tcpi_state = TCP_CLOSE};
    socklen_t local_size = sizeof local, size = sizeof info;
    char address[ADDRESS_TEXT_SIZE];
    getsockname(fd, (struct sockaddr *)&local, &local_size);
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    snprintf(text, CONNECTION_TEXT_SIZE, "%s %s %s", reused ? "kept" : "new ",
             address_text((struct sockaddr *)&local, address), state_name((enum tcp_state)info.tcpi_state));
}

void tell_call(const struct run *run, long long number, const char *connection, const char *format, ...)
{
    char line[LINE_SIZE], outcome[200];
    va_list arguments;
    if (run->options->quiet)
        return;
    va_start(arguments, format);
    vsnprintf(outcome, sizeof outcome, format, arguments);
    va_end(arguments);
    write_line(line, snprintf(line, sizeof line, "call %-4lld %-38s %s\n", number, connection, outcome));
}

void tell_failure(struct run *run, long long number, const char *operation, const char *reason)
{
    char line[LINE_SIZE];
    pthread_mutex_lock(&run->lock);
    long long failures = ++run->failed;
    pthread_mutex_unlock(&run->lock);
    if (failures <= FAILURES_TOLD)
        write_line(line, snprintf(line, sizeof line, "tcp_pool: call %lld, %s: %s port %u: %s%s\n", number, operation,
                                  run->options->host, (unsigned)run->options->port, reason,
                                  failures == FAILURES_TOLD ? " (of more only the number)" : ""));
}

int wait_for_enter(const struct run *run, long long number)
{
    char line[LINE_SIZE], key = '\0';
    write_line(line, snprintf(line, sizeof line, "call %-4lld Enter makes it\n", number));
    while (key != '\n') {
        if (wait_or_stop(run, STDIN_FILENO, POLLIN, -1) == -1)
            return -1;
        if (read(STDIN_FILENO, &key, 1) != 1)
            break;
    }
    return 0;
}
