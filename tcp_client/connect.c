/* connect.c: socket, bind if --local asks for it, connect: the active open of RFC 9293, 3.10.1. */
#include "client.h"
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Buffer sizes are set before connect: the window scale is agreed in the handshake (tcp(7)). */
static int set_buffers(int fd, const struct client_options *options)
{
    if (options->receive_buffer &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options->receive_buffer, sizeof options->receive_buffer) == -1)
        return -1;
    if (options->send_buffer &&
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &options->send_buffer, sizeof options->send_buffer) == -1)
        return -1;
    return 0;
}

/* Gives our end the port that --local asks for. Most clients leave that to connect, which takes a free one. */
static int bind_local(int fd, int family, uint16_t port, struct narrator *narrator)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr *any = family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    int on = 1;
    char text[ADDRESS_TEXT_SIZE];

    /* Without it the port stays taken while an old connection from it is in TIME_WAIT. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        return -1;
    if (narrate_call(narrator, "bind(%d, %s)", fd, address_text(any, text)) == -1)
        return -1;
    int result = bind(fd, any, family == AF_INET6 ? sizeof v6 : sizeof v4);
    narrate_result(narrator, fd, result, "our end of the connection to come");
    return result;
}

/* Our end of the connection, as text. errno is kept. */
static const char *own_end(int fd, char *text)
{
    int error = errno;
    struct socket_ends ends = socket_ends_of(fd);
    text[0] = '\0';
    if (ends.has_local)
        address_text((struct sockaddr *)&ends.local, text);
    errno = error;
    return text;
}

/* The handshake. The socket is non-blocking, so connect only starts it; that it is over shows in the socket becoming
 * writable, and how it went in SO_ERROR (connect(2), EINPROGRESS). Returns 0, or -1 with errno. */
static int shake_hands(int fd, const struct addrinfo *server, const struct client_options *options,
                       struct narrator *narrator)
{
    char text[ADDRESS_TEXT_SIZE];
    if (narrate_call(narrator, "connect(%d, %s)", fd, address_text(server->ai_addr, text)) == -1)
        return -1;
    long long start = now_us();
    int result = connect(fd, server->ai_addr, server->ai_addrlen);
    if (result == -1 && errno == EINPROGRESS) {
        narrate_wait(narrator, fd, POLLOUT, "our SYN is sent, no SYN+ACK has come");
        int ready = await(fd, POLLOUT, options->timeout_ms);
        if (ready == -1)
            return -1;
        int error = ETIMEDOUT;
        socklen_t size = sizeof error;
        if (ready > 0)
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        errno = error;
        result = error ? -1 : 0;
    }
    long long took = now_us() - start;
    narrate_result(narrator, fd, result, "handshake took %lld µs; our end is %s", took, own_end(fd, text));
    return result;
}

/* Returns a socket connected to `server`, or -1 with errno; *operation is the call that failed. */
static int connect_one(const struct addrinfo *server, const struct client_options *options, struct narrator *narrator,
                       const char **operation)
{
    *operation = "socket for";
    if (narrate_call(narrator, "socket(%s, SOCK_STREAM, 0)", server->ai_family == AF_INET6 ? "AF_INET6" : "AF_INET"))
        return -1;
    int fd = socket(server->ai_family, SOCK_STREAM, 0);
    narrate_result(narrator, fd, fd, "a descriptor, nothing more");
    if (fd == -1)
        return -1;
    bool good = set_descriptor_flags(fd) == 0 && set_buffers(fd, options) == 0;
    if (good && options->isn) {
        *operation = "--isn for";
        good = set_first_number(fd, (uint32_t)options->isn, narrator) == 0;
    }
    if (good && options->local_port) {
        *operation = "bind our port for";
        good = bind_local(fd, server->ai_family, options->local_port, narrator) == 0;
    }
    if (good) {
        *operation = "connect";
        good = shake_hands(fd, server, options, narrator) == 0;
    }
    if (good)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* What a refusal usually means. */
static const char *suspicion(int error, const struct client_options *options)
{
    switch (error) {
    case ECONNREFUSED: return " (a RST came back: nobody listens there)";
    case ETIMEDOUT: return " (no answer to our SYN: a filter, no such host, or a full accept queue)";
    case EADDRNOTAVAIL: return " (no free port left, or this pair of ports is in TIME_WAIT)";
    case EADDRINUSE: return " (--local: that port is taken)";
    case EMFILE: return " (ulimit -n says how many descriptors a process may have)";
    case EPERM: return options->isn ? " (CAP_NET_ADMIN is needed: root has it, and who is on a host of wire)" : "";
    case EACCES: return " (ports below 1024 are kept for root)";
    default: return "";
    }
}

int connect_to_server(const struct addrinfo *servers, const struct client_options *options, struct narrator *narrator)
{
    const char *operation = "connect";
    for (const struct addrinfo *server = servers; server; server = server->ai_next) {
        int connection = connect_one(server, options, narrator, &operation);
        if (connection != -1 || stop_signal())
            return connection;
        if (server->ai_next && errno != EMFILE) /* a name may have several addresses: the next one may answer */
            narrate_say(narrator, "the next address of %s is tried", options->host);
    }
    report("%s %s port %u: %s%s", operation, options->host, (unsigned)options->port, strerror(errno),
           suspicion(errno, options));
    return -1;
}
