/* socket_table_test.c: sockets of our own are in the kernel's list, in both sources, with and without a filter. */
#define _DEFAULT_SOURCE /* struct tcp_info */
#include "common/socket_table.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A listener, and a connection to it whose client end has been half-closed after five bytes. */
struct sockets {
    int listener, client, server;
    struct sockaddr_storage listener_address, client_address, server_address;
};

static int failures;

static void expect(bool good, const char *source, const char *what)
{
    if (!good) {
        printf("%s: %s\n", source, what);
        failures++;
    }
}

/* The ACK of a FIN may be delayed by 40 ms: waits for FIN_WAIT2, at most 5 s. */
static bool fin_is_acknowledged(int fd)
{
    struct tcp_info info = {.tcpi_state = 0};
    for (int i = 0; i < 1000 && info.tcpi_state != STATE_FIN_WAIT2; i++) {
        socklen_t size = sizeof info;
        poll(NULL, 0, 5);
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1)
            return false;
    }
    return info.tcpi_state == STATE_FIN_WAIT2;
}

static bool open_sockets(struct sockets *s, int family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    const struct sockaddr *any = family == AF_INET6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t size = family == AF_INET6 ? sizeof v6 : sizeof v4;
    memset(s, 0, sizeof *s);
    s->listener = socket(family, SOCK_STREAM, 0);
    s->client = socket(family, SOCK_STREAM, 0);
    if (s->listener == -1 || bind(s->listener, any, size) == -1 || listen(s->listener, 7) == -1)
        return false;
    getsockname(s->listener, (struct sockaddr *)&s->listener_address, &size);
    if (connect(s->client, (struct sockaddr *)&s->listener_address, size) == -1)
        return false;
    getsockname(s->client, (struct sockaddr *)&s->client_address, &size);
    s->server = accept(s->listener, NULL, NULL);
    s->server_address = s->listener_address;
    return s->server != -1 && write(s->client, "12345", 5) == 5 && shutdown(s->client, SHUT_WR) == 0 &&
           fin_is_acknowledged(s->client);
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port); /* the same place in both families */
}

/* Rows between two ports of ours; others on this machine may have one of them, too. */
struct tally {
    uint16_t listener, client;
    int count;
};

static bool is_ours(const struct tally *tally, uint16_t port)
{
    return port == 0 || port == tally->listener || port == tally->client;
}

static int count_row(const struct socket_row *row, void *context)
{
    struct tally *tally = context;
    if (is_ours(tally, row->local.port) && is_ours(tally, row->remote.port))
        tally->count++;
    return 0;
}

static int end_at_once(const struct socket_row *row, void *context)
{
    (void)row;
    ++*(int *)context;
    return 42;
}

static int rows(struct socket_table *table, const struct sockets *s, struct socket_filter filter)
{
    struct tally tally = {port_of(&s->listener_address), port_of(&s->client_address), 0};
    return socket_table_read(table, &filter, count_row, &tally) == 0 ? tally.count : -1;
}

static void check_filters(struct socket_table *table, const struct sockets *s, int family, const char *source)
{
    const int other = family == AF_INET ? AF_INET6 : AF_INET;
    const uint16_t port = port_of(&s->listener_address), client = port_of(&s->client_address);
    const uint32_t listen_bit = 1u << STATE_LISTEN, close_wait = 1u << STATE_CLOSE_WAIT,
                   fin_wait2 = 1u << STATE_FIN_WAIT2;
    const struct {
        const char *what;
        struct socket_filter filter;
        int wanted;
    } checks[] = {
        {"port: both ends and the listener", {.port = port, .family = family}, 3},
        {"port of the client: both ends", {.port = client, .family = family}, 2},
        {"local_port: listener and server", {.local_port = port, .family = family}, 2},
        {"remote_port: the client", {.remote_port = port, .family = family}, 1},
        {"local and remote port: the server", {.local_port = port, .remote_port = client, .family = family}, 1},
        {"local port and port", {.local_port = client, .port = port, .family = family}, 1},
        {"all three", {.local_port = client, .remote_port = port, .port = port, .family = family}, 1},
        {"all three, contradicting", {.local_port = port, .remote_port = port, .port = client, .family = family}, 0},
        {"LISTEN", {.port = port, .states = listen_bit, .family = family}, 1},
        {"CLOSE_WAIT", {.port = port, .states = close_wait, .family = family}, 1},
        {"two states", {.port = port, .states = listen_bit | fin_wait2, .family = family}, 2},
        {"ESTABLISHED: none", {.port = port, .states = 1u << STATE_ESTABLISHED, .family = family}, 0},
        {"the other family: none", {.local_port = port, .remote_port = client, .family = other}, 0},
        {"both families", {.local_port = port, .remote_port = client}, 1},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        int got = rows(table, s, checks[i].filter);
        if (got != checks[i].wanted) {
            printf("%s, %s: %d rows expected, %d read\n", source, checks[i].what, checks[i].wanted, got);
            failures++;
        }
    }
}

static void check_find(struct socket_table *table, const struct sockets *s, int family, const char *source)
{
    const struct sockaddr *listener = (const struct sockaddr *)&s->listener_address;
    const struct sockaddr *client = (const struct sockaddr *)&s->client_address;
    const struct sockaddr *server = (const struct sockaddr *)&s->server_address;
    struct socket_row row;
    expect(socket_table_find(table, listener, NULL, &row) == 1, source, "the listener is found");
    expect(row.state == STATE_LISTEN && row.family == family && row.remote.port == 0, source, "the listener's row");
    expect(row.recv_queue == 0 && row.send_queue == 0, source, "nobody waits for accept");
    expect(table->source == SOURCE_PROC || row.backlog == 7, source, "the backlog");
    expect(socket_table_find(table, server, client, &row) == 1, source, "the server's end is found");
    expect(row.state == STATE_CLOSE_WAIT, source, "the server's end is in CLOSE_WAIT");
    expect(row.recv_queue == 5 || row.recv_queue == 6, source, "five bytes are unread (the FIN may count)");
    expect(row.local.port == port_of(&s->server_address) && row.remote.port == port_of(&s->client_address), source,
           "ports");
    expect(row.uid == getuid() && row.inode != 0, source, "owner and inode");
    expect(socket_table_find(table, client, server, &row) == 1, source, "the client's end is found");
    expect(row.state == STATE_FIN_WAIT2, source, "the client's end is in FIN_WAIT2");
    expect(socket_table_find(table, client, client, &row) == 0, source, "no row for a connection that there is not");
    struct sockaddr_storage nobody = s->client_address;
    expect(socket_table_find(table, (struct sockaddr *)&nobody, NULL, &row) == 0, source,
           "a client's port is no listener");
}

/* A listener on every address is not one on 127.0.0.1. */
static void check_wildcard(struct socket_table *table, const char *source)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof any;
    struct socket_row row;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) == -1 || listen(listener, 1) == -1)
        return;
    getsockname(listener, (struct sockaddr *)&any, &size);
    loopback.sin_port = any.sin_port;
    expect(socket_table_find(table, (struct sockaddr *)&any, NULL, &row) == 1, source,
           "a listener on 0.0.0.0 is found");
    expect(socket_table_find(table, (struct sockaddr *)&loopback, NULL, &row) == 0, source,
           "a listener on 0.0.0.0 is not exactly the one on 127.0.0.1");
    close(listener);
}

static void check_source(enum socket_source which, int family, const char *source)
{
    struct socket_table table;
    struct sockets s;
    if (!open_sockets(&s, family)) {
        printf("skipped: no sockets of this family\n");
        return;
    }
    if (socket_table_open_source(&table, which) == -1) {
        printf("skipped: %s is not to be had here\n", source);
    } else {
        check_filters(&table, &s, family, source);
        check_find(&table, &s, family, source);
        if (family == AF_INET)
            check_wildcard(&table, source);
        int count = 0;
        struct socket_filter all = {.family = family};
        expect(socket_table_read(&table, &all, end_at_once, &count) == 42 && count == 1, source,
               "reading ends when asked to");
        struct socket_filter ours = {.port = port_of(&s.listener_address), .family = family};
        expect(rows(&table, &s, ours) == 3, source, "after a reading that ended early the next is whole");
        socket_table_close(&table);
        expect(table.netlink_fd == -1, source, "closed");
    }
    close(s.listener);
    close(s.client);
    close(s.server);
}

int main(void)
{
    struct socket_table table;
    expect(socket_table_open(&table) == 0, "socket_table_open", "one of the sources is there");
    socket_table_close(&table);
    check_source(SOURCE_DIAG, AF_INET, "sock_diag, IPv4");
    check_source(SOURCE_PROC, AF_INET, "/proc, IPv4");
    check_source(SOURCE_DIAG, AF_INET6, "sock_diag, IPv6");
    check_source(SOURCE_PROC, AF_INET6, "/proc, IPv6");
    return failures > 0;
}
