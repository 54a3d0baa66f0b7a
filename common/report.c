#include "common/report.h"

#include "common/await.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NETSTEP_VERSION "0.1.0"

/* Set once, first thing in main; every message begins with it. */
static const char *program_name = "netstep";

void report_as(const char *program)
{
    program_name = program;
}

/* Builds the line first and writes it at once: lines of parent and child do not mix. */
static void say(const char *format, va_list arguments, const char *reason)
{
    int errno_before = errno;
    char line[1024];
    vsnprintf(line, sizeof line, format, arguments);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f) /* a line break in an argument must not make two lines of one */
            *at = '?';
    await_flush();
    /* Whoever does not read our stderr must not stop us: after a moment the line is given up. */
    struct pollfd now = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (await(STDERR_FILENO, POLLOUT, 100) > 0 || poll(&now, 1, 0) != 0) {
        char whole[1200];
        snprintf(whole, sizeof whole, "%s: %s%s%s\n", program_name, line, reason ? ": " : "", reason ? reason : "");
        await_write_all(STDERR_FILENO, whole, strlen(whole));
    }
    errno = errno_before;
}

void report(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments, NULL);
    va_end(arguments);
}

void report_errno(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments, strerror(errno));
    va_end(arguments);
}

void print_version(void)
{
    printf("%s (netstep) %s\n", program_name, NETSTEP_VERSION);
}
