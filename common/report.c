#include "common/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    fflush(stdout);
    if (reason)
        fprintf(stderr, "%s: %s: %s\n", program_name, line, reason);
    else
        fprintf(stderr, "%s: %s\n", program_name, line);
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
