/* report.h: how every program of the suite says what went wrong.
 *
 * One line on stderr: the program, the operation, the object, the reason.
 *     tcp_client: connect 127.0.0.1 port 7000: Connection refused
 */
#ifndef NETSTEP_REPORT_H
#define NETSTEP_REPORT_H

/* Exit statuses of every program: the task is done, the world refused, the arguments were wrong. */
enum { EXIT_DONE = 0, EXIT_WORLD = 1, EXIT_USAGE = 2 };

/* Names the program that speaks; `program` is kept, not copied. Call it first in main. */
void report_as(const char *program);

/* Prints "PROGRAM: ..." and a newline on stderr. errno is kept. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, followed by ": " and the text of errno. errno is kept. */
void report_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "NAME (netstep) VERSION" on stdout, for --version. */
void print_version(void);

#endif
