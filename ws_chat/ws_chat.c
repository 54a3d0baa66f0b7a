/* ws_chat: a chat room over WebSocket (RFC 6455), with its page for the browser.
 *
 *     ws_chat                then open http://127.0.0.1:9999/ in two windows
 *
 * Reading order: this file (socket, bind, listen), loop.c (epoll: who is ready), connection.c (from accept to close),
 * request.c and upgrade.c (HTTP, and how it becomes WebSocket), message.c and frame.c (what comes then), chat.c (what a
 * line means), send.c and queue.c (to everybody, and no copy). The client of --connect is connect_open.c and connect.c;
 * trace.c shows frames, for both. Lesson 13.
 */
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/narrate.h"
#include "common/report.h"
#include "connect.h"
#include "options.h"
#include "server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void report_bind(const char *operation, const struct chat_options *options)
{
    char hint[80] = "";
    if (errno == EADDRINUSE)
        snprintf(hint, sizeof hint, " (another server listens there: netstat -antp | grep :%u)",
                 (unsigned)options->port);
    else if (errno == EADDRNOTAVAIL)
        snprintf(hint, sizeof hint, " (no address of this machine)");
    else if (errno == EACCES)
        snprintf(hint, sizeof hint, " (ports below 1024 are kept for root)");
    report("%s %s port %u: %s%s", operation, options->bind_host, (unsigned)options->port, strerror(errno), hint);
}

/* SO_REUSEADDR: old connections in TIME_WAIT don't keep the port from us. TCP_NODELAY, which accepted connections
 * inherit: a message goes out at once, also while the one before is not acknowledged (Nagle's algorithm would wait). */
static int set_options(int listen_fd)
{
    int on = 1;
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        return -1;
    return setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Returns a listening socket, or -1 after reporting why. */
static int open_listener(const struct addrinfo *where, const struct chat_options *options, struct narrator *narrator)
{
    char text[ADDRESS_TEXT_SIZE];
    narrate_call(narrator, "socket(%s, SOCK_STREAM, 0)", where->ai_family == AF_INET6 ? "AF_INET6" : "AF_INET");
    int listen_fd = socket(where->ai_family, SOCK_STREAM, 0);
    narrate_result(narrator, listen_fd, listen_fd, "a descriptor, nothing more");
    if (listen_fd == -1 || set_descriptor_flags(listen_fd) == -1 || set_options(listen_fd) == -1) {
        report_errno("socket");
        return listen_fd != -1 ? close(listen_fd), -1 : -1;
    }
    narrate_call(narrator, "bind(%d, %s)", listen_fd, address_text(where->ai_addr, text));
    int result = bind(listen_fd, where->ai_addr, where->ai_addrlen);
    narrate_result(narrator, listen_fd, result, "an address, but no row in netstat yet");
    if (result == -1) {
        report_bind("bind", options);
        close(listen_fd);
        return -1;
    }
    narrate_call(narrator, "listen(%d, %d)", listen_fd, SOMAXCONN);
    result = listen(listen_fd, SOMAXCONN);
    narrate_result(narrator, listen_fd, result, "the kernel completes handshakes from now on");
    if (result == -1) {
        report_bind("listen", options);
        close(listen_fd);
        return -1;
    }
    return listen_fd;
}

/* The line that scripts and graders wait for; with PORT 0 it tells which port the kernel chose. */
static void announce(int listen_fd)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof local;
    char text[ADDRESS_TEXT_SIZE], line[ADDRESS_TEXT_SIZE + 32];
    if (getsockname(listen_fd, (struct sockaddr *)&local, &size) == -1)
        return;
    snprintf(line, sizeof line, "listening on %s\n", address_text((struct sockaddr *)&local, text));
    await_write_all(STDOUT_FILENO, line, strlen(line));
}

/* A descriptor a client: as many as we may have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* if not, clients wait in the accept queue, which is reported then */
}

static int run_server(const struct chat_options *options)
{
    struct addrinfo *where;
    struct narrator narrator;
    if (address_lookup(options->bind_host, options->port, SOCK_STREAM, AI_PASSIVE, &where) == -1)
        return EXIT_WORLD;
    await_stop_signals();
    raise_descriptor_limit();
    narrate_open(&narrator, options->quiet ? -1 : STDOUT_FILENO, false);
    int status = EXIT_WORLD;
    int listen_fd = open_listener(where, options, &narrator);
    freeaddrinfo(where);
    if (listen_fd != -1) {
        announce(listen_fd);
        status = serve(listen_fd, options, &narrator);
        close(listen_fd);
    }
    if (stop_signal()) {
        narrate_say(&narrator, "ended by %s", stop_signal_name());
        status = EXIT_DONE;
    }
    narrate_close(&narrator);
    return status;
}

/* A client that a signal ends has told the server so; then it dies of it. */
static int run_client(const struct chat_options *options)
{
    await_stop_signals();
    int status = chat_connect(options->connect, options->trace, options->quiet);
    die_by_stop_signal();
    return status;
}

int main(int argc, char **argv)
{
    struct chat_options options;
    report_as("ws_chat");
    keep_standard_descriptors();
    int status = parse_options(argc, argv, &options);
    if (status == -1)
        status = options.connect != NULL ? run_client(&options) : run_server(&options);
    free_options(&options);
    return status;
}
