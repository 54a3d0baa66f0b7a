/* connect.c: socket and connect, for each address of the receiver in turn. */
#include "common/await.h"
#include "common/descriptor.h"
#include "send.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The socket is non-blocking: connect only starts the handshake. That it is over shows in the socket becoming writable,
 * and how it went in SO_ERROR (connect(2), EINPROGRESS). Returns 0, or -1 with errno. */
static int shake_hands(int fd, const struct addrinfo *receiver, int timeout_ms)
{
    if (connect(fd, receiver->ai_addr, receiver->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -1;
    int ready = await(fd, POLLOUT, timeout_ms);
    if (ready == -1)
        return -1;
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (ready > 0)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error ? -1 : 0;
}

bool connect_to_receiver(struct transfer *transfer, const struct addrinfo *receivers)
{
    const struct send_options *options = transfer->options;
    const char *operation = "connect";
    for (const struct addrinfo *receiver = receivers; receiver; receiver = receiver->ai_next) {
        operation = "socket for";
        int fd = socket(receiver->ai_family, SOCK_STREAM, 0);
        if (fd == -1)
            continue;
        operation = "connect";
        if (set_descriptor_flags(fd) == 0 && shake_hands(fd, receiver, options->timeout_ms) == 0) {
            transfer->connection = fd;
            return true;
        }
        int error = errno;
        close(fd);
        errno = error;
        if (stop_signal())
            break;
    }
    return transfer_failed(transfer, "%s %s port %u: %s", operation, options->host, (unsigned)options->port,
                           strerror(errno));
}
