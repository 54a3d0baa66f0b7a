/* server.c: socket, bind, and then for ever recvfrom and sendto. No listen, no accept: one socket for all clients. */
#include "common/address.h"
#include "common/await.h"
#include "common/report.h"
#include "rate.h"
#include "udp_echo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With MSG_TRUNC as an argument, Linux' recvfrom returns how long the datagram was, also where it was cut (recv(2)).
 * Elsewhere only recvmsg tells that it was cut, and not by how much. */
#ifdef __linux__
enum { TELL_LENGTH = MSG_TRUNC };
#else
enum { TELL_LENGTH = 0 };
#endif

struct server {
    int fd;
    const struct echo_options *options;
    struct narrator *narrator;
    struct rate_table *rates;
    long long trouble_said; /* now_us() of the last report about a failed call; 0 = none */
};

/* What recvfrom gave us. */
struct datagram {
    struct sockaddr_storage peer; /* the sender says so; nobody has checked */
    socklen_t peer_size;
    size_t length; /* bytes of it in the buffer */
};

/* Writes the sender's address into `text` and returns it: only for what is said, which is not every datagram. */
static const char *sender(const struct datagram *datagram, char text[ADDRESS_TEXT_SIZE])
{
    return address_text((const struct sockaddr *)&datagram->peer, text);
}

static void report_bind(const struct echo_options *options)
{
    const char *suspicion = "";
    char hint[64];
    if (errno == EADDRINUSE) {
        snprintf(hint, sizeof hint, " (another socket has it: netstat -anup | grep :%u)", (unsigned)options->port);
        suspicion = hint;
    } else if (errno == EADDRNOTAVAIL) {
        suspicion = " (no address of this machine)";
    } else if (errno == EACCES) {
        suspicion = " (ports below 1024 are kept for root)";
    }
    report("bind %s port %u: %s%s", options->host, (unsigned)options->port, strerror(errno), suspicion);
}

/* Returns a socket that has the address, or -1: a stop signal came, or the reason has been reported.
 * Without SO_REUSEADDR: no old connection can keep the port, and with it two servers could share one. */
static int open_socket(const struct addrinfo *where, const struct echo_options *options, struct narrator *narrator)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *family = where->ai_family == AF_INET6 ? "AF_INET6" : "AF_INET";
    if (narrate_call(narrator, "socket(%s, SOCK_DGRAM, 0)", family) == -1)
        return -1;
    int fd = socket(where->ai_family, SOCK_DGRAM, 0);
    narrate_result(narrator, -1, fd, "a descriptor, nothing more");
    if (fd == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
        report_errno("socket");
    } else if (narrate_call(narrator, "bind(%d, %s)", fd, address_text(where->ai_addr, text)) == 0) {
        int result = bind(fd, where->ai_addr, where->ai_addrlen);
        narrate_result(narrator, -1, result, "an address: datagrams for it are kept for us from now on");
        if (result == 0)
            return fd;
        report_bind(options);
    }
    if (fd != -1)
        close(fd);
    return -1;
}

/* The line that scripts and graders wait for; with PORT 0 it tells which port the kernel chose. */
static void announce(int fd)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof local;
    char text[ADDRESS_TEXT_SIZE], line[ADDRESS_TEXT_SIZE + 32];
    if (getsockname(fd, (struct sockaddr *)&local, &size) == -1)
        return;
    snprintf(line, sizeof line, "listening on %s\n", address_text((struct sockaddr *)&local, text));
    await_write_all(STDOUT_FILENO, line, strlen(line));
}

/* A call failed, which is no reason to end: others are to be served. Whoever causes it must not fill our log. */
static void say_trouble(struct server *server, const char *operation, const char *peer)
{
    long long now = now_us();
    if (server->trouble_said == 0 || now - server->trouble_said >= 1000000)
        report_errno("%s%s", operation, peer);
    server->trouble_said = now;
}

/* Takes the next datagram, waiting for it. Returns 1, 0 for none (try again), or -1 for a stop signal. */
static int receive(struct server *server, char *buffer, struct datagram *datagram)
{
    struct narrator *narrator = server->narrator;
    size_t size = (size_t)server->options->buffer;
    struct pollfd now = {.fd = server->fd, .events = POLLIN};

    if (narrate_call(narrator, "recvfrom(%d, buffer, %zu)", server->fd, size) == -1)
        return -1;
    if (narrator->out != -1 && poll(&now, 1, 0) == 0)
        narrate_say(narrator, "%-38s blocks                no datagram has come", narrator->call);
    datagram->peer_size = sizeof datagram->peer;
    ssize_t got = recvfrom(server->fd, buffer, size, TELL_LENGTH, (struct sockaddr *)&datagram->peer,
                           &datagram->peer_size);
    if (got == -1 && errno == EINTR)
        return stop_signal() ? -1 : 0;
    if (got == -1) {
        say_trouble(server, "recvfrom", "");
        return await(-1, 0, 100) == -1 ? -1 : 0; /* should it fail again and again, not a hundred thousand times */
    }
    datagram->length = (size_t)got <= size ? (size_t)got : size;
    char from[ADDRESS_TEXT_SIZE] = "";
    bool cut = (size_t)got > size;
    if (cut || narrator->out != -1)
        sender(datagram, from);
    if (cut) {
        narrate_result(narrator, -1, got, "from %s: %zu bytes cut off", from, (size_t)got - size);
        report("from %s: a datagram of %zd bytes, room for %zu: the rest is lost (--buffer)", from, got, size);
    } else {
        narrate_result(narrator, -1, got, "from %s", from);
    }
    return 1;
}

/* Sends the bytes back. Returns false when a stop signal came. */
static bool answer(struct server *server, const char *buffer, const struct datagram *datagram)
{
    if (narrate_call(server->narrator, "sendto(%d, buffer, %zu)", server->fd, datagram->length) == -1)
        return false;
    ssize_t sent = sendto(server->fd, buffer, datagram->length, MSG_DONTWAIT, (const struct sockaddr *)&datagram->peer,
                          datagram->peer_size);
    char to[ADDRESS_TEXT_SIZE] = "";
    if (sent == -1 || server->narrator->out != -1)
        sender(datagram, to);
    narrate_result(server->narrator, -1, sent, "to %s", to);
    /* A full send buffer too: UDP promises no delivery, and others wait. */
    if (sent == -1)
        say_trouble(server, "sendto ", to);
    return true;
}

/* One datagram. Returns 1 when one came, 0 when none did, or -1 for a stop signal. */
static int echo_once(struct server *server, char *buffer)
{
    struct datagram datagram;
    char from[ADDRESS_TEXT_SIZE];
    int got = receive(server, buffer, &datagram);
    if (got != 1)
        return got;
    switch (rate_ask(server->rates, (struct sockaddr *)&datagram.peer, now_us())) {
    case ANSWER: return answer(server, buffer, &datagram) ? 1 : -1;
    case FIRST_TOO_MANY:
        report("from %s: more than %d datagrams in a second, the rest goes unanswered (--rate)",
               sender(&datagram, from), server->options->rate);
        break;
    case TOO_MANY: break;
    }
    return 1;
}

/* The server: one socket, whoever comes. */
static int run(struct server *server)
{
    char buffer[BUFFER_SIZE];
    long long most = server->options->max_datagrams;
    let_stop_signals_interrupt(); /* recvfrom blocks: to wait in await() first would cost as much as the call */
    for (long long seen = 0; !stop_signal() && (most == 0 || seen < most);) {
        int got = echo_once(server, buffer);
        if (got == -1)
            break;
        seen += got;
    }
    return EXIT_DONE;
}

int serve(const struct addrinfo *where, const struct echo_options *options, struct narrator *narrator)
{
    struct server server = {.options = options, .narrator = narrator, .rates = rate_open(options->rate)};
    int status = EXIT_WORLD;
    if (server.rates == NULL) {
        report_errno("memory");
        return status;
    }
    server.fd = open_socket(where, options, narrator);
    if (server.fd != -1) {
        announce(server.fd);
        status = run(&server);
        close(server.fd);
    }
    free(server.rates);
    if (stop_signal()) {
        narrate_say(narrator, "ended by %s", stop_signal_name());
        status = EXIT_DONE;
    }
    return status;
}
