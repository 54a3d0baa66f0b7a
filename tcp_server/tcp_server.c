/* tcp_server: a TCP echo server that tells each system call and the state of its socket.
 *
 *     tcp_server 7000
 *
 * Reading order: this file (socket, bind, listen), then a model: iterative.c, fork.c or thread.c (accept), then echo.c
 * (read, write, shutdown, close); or epoll.c or pool.c, then turn.c. The partner is tcp_client. Lessons 01 to 05
 * and 11.
 */
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/narrate.h"
#include "common/report.h"
#include "models.h"
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct model {
    const char *name;
    serve_fn *serve;
} models[] = {
    {"iterative", serve_iterative}, {"fork", serve_fork}, {"thread", serve_thread},
#ifdef __linux__ /* both watch their connections with epoll(7) */
    {"epoll", serve_epoll},         {"pool", serve_pool},
#endif
};

static serve_fn *find_model(const char *name)
{
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (strcmp(models[i].name, name) == 0)
            return models[i].serve;
#ifdef __linux__
    report("--model '%s': there are iterative, fork, thread, epoll and pool", name);
#else
    report("--model '%s': there are iterative, fork and thread; epoll and pool need Linux", name);
#endif
    return NULL;
}

/* The socket options that were asked for. Buffer sizes are set before listen: accepted connections inherit them, and
 * the window scale is agreed in the handshake (tcp(7)). */
static int set_options(int listen_fd, const struct server_options *options, struct narrator *narrator)
{
    int on = 1;
    if (!options->no_reuse) {
        if (narrate_call(narrator, "setsockopt(%d, SO_REUSEADDR, 1)", listen_fd) == -1)
            return -1;
        int result = setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        narrate_result(narrator, listen_fd, result, "the port may be taken while old connections linger");
        if (result == -1)
            return -1;
    }
    if (options->receive_buffer &&
        setsockopt(listen_fd, SOL_SOCKET, SO_RCVBUF, &options->receive_buffer, sizeof options->receive_buffer) == -1)
        return -1;
    if (options->send_buffer &&
        setsockopt(listen_fd, SOL_SOCKET, SO_SNDBUF, &options->send_buffer, sizeof options->send_buffer) == -1)
        return -1;
    return 0;
}

/* bind and listen: from here on the kernel answers SYNs for us. Returns 0, or -1 after reporting why. */
static int bind_and_listen(int listen_fd, const struct addrinfo *where, const struct server_options *options,
                           struct narrator *narrator)
{
    char text[ADDRESS_TEXT_SIZE];
    if (narrate_call(narrator, "bind(%d, %s)", listen_fd, address_text(where->ai_addr, text)) == -1)
        return -1;
    int result = bind(listen_fd, where->ai_addr, where->ai_addrlen);
    narrate_result(narrator, listen_fd, result, "an address, but no row in netstat yet");
    if (result == -1) {
        report_bind_error(errno, "bind", options);
        return -1;
    }
    if (narrate_call(narrator, "listen(%d, %d)", listen_fd, options->backlog) == -1)
        return -1;
    result = listen(listen_fd, options->backlog);
    narrate_result(narrator, listen_fd, result, "the kernel completes handshakes from now on");
    if (result == -1) {
        report_bind_error(errno, "listen", options);
        return -1;
    }
    return 0;
}

/* Returns a listening socket, or -1: a stop signal came, or the reason has been reported. */
static int open_listener(const struct addrinfo *where, const struct server_options *options, struct narrator *narrator)
{
    const char *family = where->ai_family == AF_INET6 ? "AF_INET6" : "AF_INET";
    if (narrate_call(narrator, "socket(%s, SOCK_STREAM, 0)", family) == -1)
        return -1;
    int listen_fd = socket(where->ai_family, SOCK_STREAM, 0);
    narrate_result(narrator, listen_fd, listen_fd, "a descriptor, nothing more");
    if (listen_fd == -1) {
        report_errno("socket");
        return -1;
    }
    if (set_descriptor_flags(listen_fd) == -1 || set_options(listen_fd, options, narrator) == -1) {
        if (!stop_signal())
            report_errno("socket options of %s port %u", options->bind_host, (unsigned)options->port);
    } else if (bind_and_listen(listen_fd, where, options, narrator) == 0) {
        return listen_fd;
    }
    close(listen_fd);
    return -1;
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

int main(int argc, char **argv)
{
    struct server_options options;
    report_as("tcp_server");
    keep_standard_descriptors();
    int status = parse_options(argc, argv, &options);
    if (status != -1)
        return status;
    serve_fn *serve = find_model(options.model);
    if (serve == NULL)
        return EXIT_USAGE;
    struct addrinfo *where;
    if (address_lookup(options.bind_host, options.port, SOCK_STREAM, AI_PASSIVE, &where) == -1)
        return EXIT_WORLD;

    await_stop_signals();
    struct narrator narrator;
    narrate_open(&narrator, options.quiet ? -1 : STDOUT_FILENO, options.step);
    status = stop_signal() ? EXIT_DONE : EXIT_WORLD;
    int listen_fd = open_listener(where, &options, &narrator);
    freeaddrinfo(where);
    if (listen_fd != -1) {
        announce(listen_fd);
        status = serve(listen_fd, &options, &narrator);
    }
    if (stop_signal()) {
        narrate_say(&narrator, "ended by %s", stop_signal_name());
        status = EXIT_DONE;
    }
    narrate_close(&narrator);
    return status;
}
