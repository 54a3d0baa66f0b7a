/* narrate.h: telling each system call as it happens, with the state the kernel gives the socket at that moment.
 *
 *     listen(3, 16)                          = 0       LISTEN       127.0.0.1:7000
 *
 * The call itself stands in the program: narrate_call() before it, narrate_result() after it.
 */
#ifndef NETSTEP_NARRATE_H
#define NETSTEP_NARRATE_H

#include "socket_table.h"

#include <stdbool.h>
#include <sys/socket.h>

/* The two ends of a socket, kept so that the kernel can be asked about a connection after its descriptor is closed. */
struct socket_ends {
    struct sockaddr_storage local, remote;
    bool has_local, has_remote;
};

struct narrator {
    int out;                   /* the descriptor to write to; -1 = say nothing */
    bool step;                 /* wait for Enter before each call */
    long speaker;              /* begin each line with [pid] or [tid], where several speak; 0 = only one does */
    bool behind_text;          /* the cursor stands behind other output on our screen: begin on a new line */
    struct socket_table table; /* our reader of the kernel's states */
    bool has_table;
    bool opens_table;        /* a thread: has it open only while it asks, for descriptors are the whole process's */
    char call[96];           /* the call that was announced last */
    int connection;          /* the connection told of last, -1 = none, ... */
    struct socket_ends ends; /* ... and its ends: a closed descriptor can't be asked for them */
};

/* Makes a narrator that writes to the descriptor `out` (-1: silent). Where the kernel shows no states, lines have none.
 */
void narrate_open(struct narrator *narrator, int out, bool step);
void narrate_close(struct narrator *narrator);

/* After fork, in the child: a reader of its own, and lines that begin with the child's [pid]. */
void narrate_in_child(struct narrator *narrator);

/* In a new thread: makes a narrator of its own, with lines that begin with the thread's [tid] (gettid(2); `ps -T` lists
 * them). `process` is the one that main opened; only what never changes in it is read. */
void narrate_in_thread(struct narrator *narrator, const struct narrator *process);

/* A line of its own, printf-like: what is no call. */
void narrate_say(struct narrator *narrator, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Announces a call, printf-like: "accept(3)". With --step it shows the call and waits for Enter; returns -1 with errno
 * EINTR when a stop signal came instead, 0 otherwise. At the end of standard input stepping turns itself off. */
int narrate_call(struct narrator *narrator, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says that the call announced will block, if `fd` is not ready for `events` (POLLIN, POLLOUT) now, and why. */
void narrate_wait(struct narrator *narrator, int fd, short events, const char *why);

/* Tells the call's result (-1: the text of errno), the state of `fd` (-1: none) and a remark, printf-like.
 * Right after close(fd) it may still be asked about: the kernel is then shown the connection's two ends.
 * errno is kept. */
void narrate_result(struct narrator *narrator, int fd, long result, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The two ends of `fd`; what the kernel does not say is left out. */
struct socket_ends socket_ends_of(int fd);

/* The row that the kernel shows for these ends now. Returns 1 and *row, 0 for none, -1 with errno. */
int socket_ends_row(struct socket_table *table, const struct socket_ends *ends, struct socket_row *row);

#endif
