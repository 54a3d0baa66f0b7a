/* narrate.c: TCP_INFO, sock_diag and gettid are Linux; elsewhere lines would have no state. */
#define _GNU_SOURCE /* struct tcp_info, gettid */
#include "common/narrate.h"

#include "common/address.h"
#include "common/await.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Gives our reader a high number, so that the program's own sockets begin with 3 as they do without narration. */
static void move_out_of_the_way(int *fd)
{
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, 100);
    if (high == -1)
        return; /* so few descriptors are allowed: it stays where it is */
    close(*fd);
    *fd = high;
}

void narrate_open(struct narrator *narrator, int out, bool step)
{
    memset(narrator, 0, sizeof *narrator);
    narrator->out = out;
    narrator->step = step;
    narrator->connection = -1;
    if (out != -1)
        narrator->has_table = socket_table_open(&narrator->table) == 0;
    if (narrator->has_table)
        move_out_of_the_way(&narrator->table.netlink_fd);
}

void narrate_close(struct narrator *narrator)
{
    if (narrator->has_table)
        socket_table_close(&narrator->table);
    narrator->has_table = false;
}

void narrate_in_child(struct narrator *narrator)
{
    int out = narrator->out;
    bool step = narrator->step;
    narrate_close(narrator); /* the parent goes on reading its own: one netlink socket can't serve two questioners */
    narrate_open(narrator, out, step);
    narrator->speaker = (long)getpid();
}

void narrate_in_thread(struct narrator *narrator, const struct narrator *process)
{
    narrate_open(narrator, -1, false);
    narrator->out = process->out;
    narrator->opens_table = true;
    narrator->speaker = (long)gettid();
}

struct socket_ends socket_ends_of(int fd)
{
    struct socket_ends ends;
    memset(&ends, 0, sizeof ends);
    socklen_t size = sizeof ends.local;
    ends.has_local = getsockname(fd, (struct sockaddr *)&ends.local, &size) == 0 &&
                     address_port((struct sockaddr *)&ends.local) != 0;
    size = sizeof ends.remote;
    ends.has_remote = getpeername(fd, (struct sockaddr *)&ends.remote, &size) == 0;
    return ends;
}

int socket_ends_row(struct socket_table *table, const struct socket_ends *ends, struct socket_row *row)
{
    if (!ends->has_local)
        return 0;
    const struct sockaddr *remote = ends->has_remote ? (const struct sockaddr *)&ends->remote : NULL;
    return socket_table_find(table, (const struct sockaddr *)&ends->local, remote, row);
}

/* The state of an open socket by its descriptor. CLOSED may also mean TIME_WAIT: there the kernel has already taken
 * the connection away from the descriptor (tcp(7), TCP_INFO). */
static enum tcp_state state_by_descriptor(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1)
        return STATE_CLOSED;
    return (enum tcp_state)info.tcpi_state;
}

/* Keeps the ends of the connection on `fd`, as long as the kernel still tells them. */
static void remember_ends(struct narrator *narrator, int fd)
{
    struct socket_ends ends = socket_ends_of(fd);
    if (ends.has_local && ends.has_remote) {
        narrator->connection = fd;
        narrator->ends = ends;
    }
}

/* The row that the kernel shows for the connection told of last. Returns whether there is one. */
static bool last_row(struct narrator *narrator, struct socket_row *row)
{
    if (narrator->has_table)
        return socket_ends_row(&narrator->table, &narrator->ends, row) == 1;
    struct socket_table table;
    if (!narrator->opens_table || socket_table_open(&table) == -1)
        return false;
    bool found = socket_ends_row(&table, &narrator->ends, row) == 1;
    socket_table_close(&table);
    return found;
}

/* The name of the state of `fd` at this moment; of what is no socket, nothing. */
static const char *state_of(struct narrator *narrator, int fd)
{
    int type;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == -1 && errno == ENOTSOCK)
        return "";
    remember_ends(narrator, fd);
    enum tcp_state state = state_by_descriptor(fd);
    struct socket_row row;
    if (state == STATE_CLOSED && narrator->connection == fd && last_row(narrator, &row))
        state = row.state;
    return state_name(state);
}

/* Prints one whole line in one write, so that the lines of several processes or threads stay whole. */
static void print_line(struct narrator *narrator, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void print_line(struct narrator *narrator, const char *format, ...)
{
    char line[512];
    int begin = snprintf(line, sizeof line, narrator->behind_text ? "\n" : "");
    narrator->behind_text = false;
    if (narrator->speaker)
        begin += snprintf(line + begin, sizeof line - (size_t)begin, "[%ld] ", narrator->speaker);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + begin, sizeof line - 1 - (size_t)begin, format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    line[length++] = '\n';
    await_write_all(narrator->out, line, length); /* whom nobody listens to goes on all the same */
}

void narrate_say(struct narrator *narrator, const char *format, ...)
{
    if (narrator->out == -1)
        return;
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_line(narrator, "%s", text);
}

/* Waits for the Enter key, byte by byte so that nothing beyond the line is taken. */
static int wait_for_enter(struct narrator *narrator)
{
    char key = '\0';
    while (key != '\n') {
        if (await(STDIN_FILENO, POLLIN, -1) == -1)
            return -1;
        if (read(STDIN_FILENO, &key, 1) != 1) {
            narrator->step = false;
            break;
        }
    }
    return 0;
}

int narrate_call(struct narrator *narrator, const char *format, ...)
{
    if (narrator->out == -1)
        return 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(narrator->call, sizeof narrator->call, format, arguments);
    va_end(arguments);
    if (!narrator->step)
        return 0;
    print_line(narrator, "%-38s   Enter calls it", narrator->call);
    return wait_for_enter(narrator);
}

void narrate_wait(struct narrator *narrator, int fd, short events, const char *why)
{
    if (narrator->out == -1)
        return;
    struct pollfd now = {.fd = fd, .events = events};
    if (poll(&now, 1, 0) != 0)
        return;
    print_line(narrator, "%-38s blocks   %-11s  %s", narrator->call, state_of(narrator, fd), why);
}

void narrate_result(struct narrator *narrator, int fd, long result, const char *format, ...)
{
    int error = errno;
    if (narrator->out == -1)
        return;
    char remark[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(remark, sizeof remark, format, arguments);
    va_end(arguments);
    const char *state = fd == -1 ? "" : state_of(narrator, fd);
    if (result == -1)
        print_line(narrator, "%-38s = -1     %-11s  %s", narrator->call, state, strerror(error));
    else
        print_line(narrator, "%-38s = %-6ld %-11s  %s", narrator->call, result, state, remark);
    errno = error;
}
