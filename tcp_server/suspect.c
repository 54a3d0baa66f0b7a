/* suspect.c: bind failed; what to suspect. The kernel's own list of sockets says who has the port. */
#include "common/report.h"
#include "common/socket_table.h"
#include "models.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct count {
    bool has_address;       /* an IPv4 address to bind to, not 0.0.0.0: */
    struct in_addr address; /* sockets at other addresses are not in its way */
    int listeners, time_wait, others;
};

static bool is_in_the_way(const struct count *count, const struct socket_row *row)
{
    static const uint8_t every_address[4];
    if (!count->has_address || row->family != AF_INET)
        return true;
    return memcmp(row->local.address, &count->address, 4) == 0 || memcmp(row->local.address, every_address, 4) == 0;
}

static int count_row(const struct socket_row *row, void *context)
{
    struct count *count = context;
    if (!is_in_the_way(count, row))
        return 0;
    if (row->state == STATE_LISTEN)
        count->listeners++;
    else if (row->state == STATE_TIME_WAIT)
        count->time_wait++;
    else
        count->others++;
    return 0;
}

/* Writes who holds `port` into `text`. */
static void suspect_owner(const char *host, uint16_t port, bool no_reuse, char *text, size_t size)
{
    struct socket_table table;
    struct socket_filter filter = {.local_port = port};
    struct count count = {.listeners = 0};
    count.has_address = inet_pton(AF_INET, host, &count.address) == 1 && count.address.s_addr != INADDR_ANY;
    if (socket_table_open(&table) == 0) {
        socket_table_read(&table, &filter, count_row, &count);
        socket_table_close(&table);
    }
    if (count.listeners > 0)
        snprintf(text, size, "another server listens there: netstat -antp | grep :%u", (unsigned)port);
    else if (count.time_wait + count.others > 0)
        snprintf(text, size, "old connections: %d in TIME_WAIT, %d in other states; %s", count.time_wait, count.others,
                 no_reuse ? "--no-reuse is given" : "they were made without SO_REUSEADDR");
    else
        snprintf(text, size, "a socket is bound to it that netstat does not show");
}

void report_bind_error(int error, const char *operation, const struct server_options *options)
{
    char suspicion[128] = "";
    if (error == EADDRINUSE)
        suspect_owner(options->bind_host, options->port, options->no_reuse, suspicion, sizeof suspicion);
    else if (error == EADDRNOTAVAIL)
        snprintf(suspicion, sizeof suspicion, "no address of this machine");
    else if (error == EACCES)
        snprintf(suspicion, sizeof suspicion, "ports below 1024 are kept for root");
    report("%s %s port %u: %s%s%s%s", operation, options->bind_host, (unsigned)options->port, strerror(error),
           *suspicion ? " (" : "", suspicion, *suspicion ? ")" : "");
}
