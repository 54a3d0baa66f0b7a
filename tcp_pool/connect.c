/* connect.c: socket and connect, bounded in time, so that a server that does not answer holds up nobody for ever. */
#include "common/descriptor.h"
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

int wait_or_stop(const struct run *run, int fd, short events, int timeout_ms)
{
    struct pollfd waiting[2] = {{.fd = run->stop[0], .events = POLLIN}, {.fd = fd, .events = events}};
    int ready;
    do /* nobody but the main thread gets a signal that interrupts; then it begins anew */
        ready = poll(waiting, 2, timeout_ms);
    while (ready == -1 && errno == EINTR);
    if (ready > 0 && !waiting[0].revents)
        return 1;
    if (ready != -1)
        errno = ready == 0 ? ETIMEDOUT : ECANCELED;
    return -1;
}

/* The socket is non-blocking: connect only starts the handshake. That it is over shows in the socket becoming writable,
 * and how it went in SO_ERROR (connect(2), EINPROGRESS). Returns 0, or -1 with errno. */
static int shake_hands(const struct run *run, int fd, const struct addrinfo *server)
{
    if (connect(fd, server->ai_addr, server->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS || wait_or_stop(run, fd, POLLOUT, run->options->timeout_ms) == -1)
        return -1;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error ? -1 : 0;
}

int connect_to_server(void *arg)
{
    const struct run *run = arg;
    for (const struct addrinfo *server = run->servers; server; server = server->ai_next) {
        int fd = socket(server->ai_family, SOCK_STREAM, 0);
        if (fd == -1)
            continue;
        if (set_descriptor_flags(fd) == 0 && shake_hands(run, fd, server) == 0)
            return fd;
        int error = errno;
        close(fd);
        errno = error;
        if (error == ECANCELED)
            break;
    }
    return -1;
}
