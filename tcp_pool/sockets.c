/* sockets.c: what netstat shows of us: the sockets whose other end is the server. */
#include "run.h"

#include "common/await.h"
#include "common/socket_table.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>

enum { SETTLE_MS = 1000, LOOK_EVERY_MS = 10 };

struct search {
    const struct addrinfo *servers;
    struct socket_count *count;
};

static bool is_address(const struct socket_row *row, const struct addrinfo *server)
{
    const void *address = server->ai_family == AF_INET
                              ? (const void *)&((const struct sockaddr_in *)(const void *)server->ai_addr)->sin_addr
                              : (const void *)&((const struct sockaddr_in6 *)(const void *)server->ai_addr)->sin6_addr;
    return row->family == server->ai_family &&
           memcmp(row->remote.address, address, row->family == AF_INET ? 4 : 16) == 0;
}

static int count_row(const struct socket_row *row, void *context)
{
    struct search *search = context;
    const struct addrinfo *server = search->servers;
    while (server && !is_address(row, server))
        server = server->ai_next;
    if (server == NULL)
        return 0;
    switch (row->state) {
    case STATE_ESTABLISHED: search->count->established++; break;
    case STATE_CLOSE_WAIT: search->count->close_wait++; break;
    case STATE_TIME_WAIT: search->count->time_wait++; break;
    case STATE_FIN_WAIT1:
    case STATE_FIN_WAIT2:
    case STATE_CLOSING:
    case STATE_LAST_ACK: search->count->closing++; break;
    default: break;
    }
    return 0;
}

int count_sockets(const struct run *run, struct socket_count *count)
{
    struct socket_table table;
    struct socket_filter filter = {.remote_port = run->options->port};
    struct search search = {.servers = run->servers, .count = count};
    *count = (struct socket_count){0};
    if (socket_table_open(&table) == -1)
        return -1;
    int result = socket_table_read(&table, &filter, count_row, &search);
    socket_table_close(&table);
    return result;
}

int count_settled_sockets(const struct run *run, struct socket_count *count)
{
    int result = count_sockets(run, count);
    int patience = stop_signal() ? 0 : SETTLE_MS; /* whoever stops us does not wait */
    for (int waited = 0; result == 0 && count->closing > 0 && waited < patience; waited += LOOK_EVERY_MS) {
        poll(NULL, 0, LOOK_EVERY_MS);
        result = count_sockets(run, count);
    }
    return result;
}
