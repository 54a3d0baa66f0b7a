/* client.c: socket, connect, send, recv: one datagram there, one back.
 *
 * connect on a UDP socket sends nothing. It tells our kernel who the other end is: send needs no address any more, what
 * others send to our port is not given to us, and an ICMP error about our datagram comes back as an errno.
 */
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "udp_echo.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Gives our end the port that --local asks for. */
static int bind_local(int fd, int family, uint16_t port, struct narrator *narrator)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr *any = family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    char text[ADDRESS_TEXT_SIZE];
    if (narrate_call(narrator, "bind(%d, %s)", fd, address_text(any, text)) == -1)
        return -1;
    int result = bind(fd, any, family == AF_INET6 ? sizeof v6 : sizeof v4);
    narrate_result(narrator, -1, result, "our port");
    return result;
}

/* Makes `server` the other end. Returns 0, or -1 with errno. */
static int connect_datagrams(int fd, const struct addrinfo *server, struct narrator *narrator)
{
    char text[ADDRESS_TEXT_SIZE];
    if (narrate_call(narrator, "connect(%d, %s)", fd, address_text(server->ai_addr, text)) == -1)
        return -1;
    int result = connect(fd, server->ai_addr, server->ai_addrlen);
    struct socket_ends ends = socket_ends_of(fd);
    narrate_result(narrator, -1, result, "nothing is sent; our end is %s",
                   ends.has_local ? address_text((struct sockaddr *)&ends.local, text) : "?");
    return result;
}

/* Returns a connected socket, or -1 with errno; *operation is the call that failed. */
static int open_socket(const struct addrinfo *server, const struct echo_options *options, struct narrator *narrator,
                       const char **operation)
{
    *operation = "socket for";
    if (narrate_call(narrator, "socket(%s, SOCK_DGRAM, 0)", server->ai_family == AF_INET6 ? "AF_INET6" : "AF_INET"))
        return -1;
    int fd = socket(server->ai_family, SOCK_DGRAM, 0);
    narrate_result(narrator, -1, fd, "a descriptor, nothing more");
    if (fd == -1)
        return -1;
    bool good = set_descriptor_flags(fd) == 0;
    if (good && options->local_port) {
        *operation = "bind our port for";
        good = bind_local(fd, server->ai_family, options->local_port, narrator) == 0;
    }
    if (good) {
        *operation = "connect";
        good = connect_datagrams(fd, server, narrator) == 0;
    }
    if (good)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Sends MESSAGE. An earlier datagram's ICMP error is reported by the next call, which then sends nothing (udp(7)):
 * so it may say "refused" though nothing was sent now. Returns 0, or -1 with errno. */
static int send_message(int fd, const struct echo_options *options, struct narrator *narrator)
{
    size_t length = strlen(options->message);
    if (narrate_call(narrator, "send(%d, message, %zu)", fd, length) == -1)
        return -1;
    ssize_t sent = send(fd, options->message, length, 0);
    narrate_result(narrator, -1, sent, "one datagram");
    return sent == -1 ? -1 : 0;
}

/* Waits for the answer to a try. Returns its length, or -1 with errno, EAGAIN when the time is over. */
static ssize_t receive_answer(int fd, char *answer, const struct echo_options *options, struct narrator *narrator)
{
    long long end = now_us() + options->timeout_ms * 1000LL;
    struct pollfd now = {.fd = fd, .events = POLLIN};
    if (narrate_call(narrator, "recv(%d, buffer, %d)", fd, BUFFER_SIZE) == -1)
        return -1;
    if (narrator->out != -1 && poll(&now, 1, 0) == 0)
        narrate_say(narrator, "%-38s blocks                no answer has come", narrator->call);
    for (;;) {
        long long left = (end - now_us() + 999) / 1000;
        int ready = await(fd, POLLIN, left > 0 ? (int)left : 0);
        if (ready == -1)
            return -1;
        if (ready == 0) {
            narrate_say(narrator, "%-38s given up              no answer in %g s", narrator->call,
                        options->timeout_ms / 1000.0);
            errno = EAGAIN;
            return -1;
        }
        ssize_t got = recv(fd, answer, BUFFER_SIZE, 0);
        if (got == -1 && (errno == EAGAIN || errno == EINTR)) /* its checksum was wrong: the kernel has dropped it */
            continue;
        narrate_result(narrator, -1, got, "one datagram");
        return got;
    }
}

/* Writes the answer and a newline to stdout. */
static enum outcome print_answer(char *answer, size_t length)
{
    answer[length] = '\n';
    if (await_write_all(STDOUT_FILENO, answer, length + 1) == 0)
        return ANSWERED;
    if (!stop_signal())
        report_errno("write standard output");
    return FAILED;
}

/* What can go wrong with a datagram on its way, for which another address of the server may have a better one. */
static bool is_refusal(int error)
{
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EADDRNOTAVAIL;
}

/* Sends MESSAGE up to --tries times, until an answer comes. */
static enum outcome exchange(int fd, const struct echo_options *options, struct narrator *narrator)
{
    char answer[BUFFER_SIZE + 1];
    for (int i = 0; i < options->tries; i++) {
        ssize_t got = send_message(fd, options, narrator);
        if (got == 0)
            got = receive_answer(fd, answer, options, narrator);
        if (got >= 0)
            return print_answer(answer, (size_t)got);
        if (stop_signal())
            return FAILED;
        if (is_refusal(errno))
            return REFUSED;
        if (errno == EMSGSIZE)
            report("send %zu bytes to %s port %u: Message too long (a datagram holds %d over IPv4, %d over IPv6)",
                   strlen(options->message), options->host, (unsigned)options->port, LARGEST_IPV4, LARGEST_IPV6);
        else if (errno != EAGAIN)
            report_errno("%s port %u", options->host, (unsigned)options->port);
        if (errno != EAGAIN)
            return FAILED;
    }
    report("%s port %u: no answer to %d %s of %g s", options->host, (unsigned)options->port, options->tries,
           options->tries == 1 ? "try" : "tries", options->timeout_ms / 1000.0);
    return FAILED;
}

static const char *suspicion(int error)
{
    switch (error) {
    case ECONNREFUSED: return " (an ICMP error came back: nobody has that port)";
    case EADDRINUSE: return " (--local: that port is taken)";
    case EACCES: return " (ports below 1024 are kept for root; a broadcast address is not for this)";
    default: return "";
    }
}

/* One of the server's addresses. */
static enum outcome ask_one(const struct addrinfo *server, const struct echo_options *options,
                            struct narrator *narrator, const char **operation)
{
    int fd = open_socket(server, options, narrator, operation);
    if (fd == -1)
        return stop_signal() ? FAILED : REFUSED;
    *operation = "ask";
    enum outcome outcome = options->count ? measure(fd, options, narrator) : exchange(fd, options, narrator);
    int error = errno;
    narrate_call(narrator, "close(%d)", fd); /* also when a stop signal came: closing is what it asks for */
    int result = close(fd);
    narrate_result(narrator, -1, result, "nothing is sent; the server does not learn of it");
    errno = error;
    return outcome;
}

int ask(const struct addrinfo *servers, const struct echo_options *options, struct narrator *narrator)
{
    const char *operation = "ask";
    enum outcome outcome = REFUSED;
    for (const struct addrinfo *server = servers; server && outcome == REFUSED; server = server->ai_next) {
        outcome = ask_one(server, options, narrator, &operation);
        if (outcome == REFUSED && server->ai_next) /* a name may have several addresses */
            narrate_say(narrator, "the next address of %s is tried", options->host);
    }
    if (outcome == REFUSED)
        report("%s %s port %u: %s%s", operation, options->host, (unsigned)options->port, strerror(errno),
               suspicion(errno));
    if (!options->count) /* measuring ends with its summary */
        die_by_stop_signal();
    return outcome == ANSWERED ? EXIT_DONE : EXIT_WORLD;
}
