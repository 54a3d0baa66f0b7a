#include "common/socket_table.h"

#include "common/address.h"
#include "common/socket_table_proc.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include "common/socket_table_diag.h"
#else
/* Elsewhere there is no sock_diag; /proc is tried and the error tells. */
static int diag_open(void)
{
    errno = ENOSYS;
    return -1;
}
#define diag_read(netlink_fd, family, filter, fn, context) (-1)
#define diag_find(netlink_fd, local, remote, row) (-1)
#endif

int socket_table_open_source(struct socket_table *table, enum socket_source source)
{
    table->source = source;
    table->netlink_fd = -1;
    if (source == SOURCE_PROC)
        return access("/proc/net/tcp", R_OK);
    table->netlink_fd = diag_open();
    return table->netlink_fd == -1 ? -1 : 0;
}

int socket_table_open(struct socket_table *table)
{
    if (socket_table_open_source(table, SOURCE_DIAG) == 0)
        return 0;
    return socket_table_open_source(table, SOURCE_PROC);
}

void socket_table_close(struct socket_table *table)
{
    if (table->netlink_fd != -1)
        close(table->netlink_fd);
    table->netlink_fd = -1;
}

bool socket_filter_wants(const struct socket_filter *filter, const struct socket_row *row)
{
    if (filter->family && filter->family != row->family)
        return false;
    if (filter->states && !(filter->states & (1u << row->state)))
        return false;
    if (filter->local_port && filter->local_port != row->local.port)
        return false;
    if (filter->remote_port && filter->remote_port != row->remote.port)
        return false;
    return !filter->port || filter->port == row->local.port || filter->port == row->remote.port;
}

static int read_family(struct socket_table *table, int family, const struct socket_filter *filter, socket_row_fn *fn,
                       void *context)
{
    if (filter->family && filter->family != family)
        return 0;
    if (table->source == SOURCE_PROC)
        return proc_read(family, filter, fn, context);
    return diag_read(table->netlink_fd, family, filter, fn, context);
}

int socket_table_read(struct socket_table *table, const struct socket_filter *filter, socket_row_fn *fn, void *context)
{
    /* A few rows of many: most of the time is the kernel's walk, and one does for both families. */
    if (table->source == SOURCE_DIAG && !filter->family && (filter->port || filter->local_port || filter->remote_port))
        return diag_read(table->netlink_fd, AF_UNSPEC, filter, fn, context);
    int answer = read_family(table, AF_INET, filter, fn, context);
    return answer != 0 ? answer : read_family(table, AF_INET6, filter, fn, context);
}

/* What a search through all rows of /proc looks for, and what it found. */
struct search {
    struct endpoint local, remote;
    struct socket_row *row;
};

static struct endpoint endpoint_of(const struct sockaddr *address)
{
    struct endpoint end = {.port = address ? address_port(address) : 0};
    if (address && address->sa_family == AF_INET)
        memcpy(end.address, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    if (address && address->sa_family == AF_INET6)
        memcpy(end.address, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    return end;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static int compare_with_search(const struct socket_row *row, void *context)
{
    struct search *search = context;
    if (!same_endpoint(&row->local, &search->local) || !same_endpoint(&row->remote, &search->remote))
        return 0;
    *search->row = *row;
    return 1;
}

int socket_table_find(struct socket_table *table, const struct sockaddr *local, const struct sockaddr *remote,
                      struct socket_row *row)
{
    if (table->source == SOURCE_DIAG)
        return diag_find(table->netlink_fd, local, remote, row);
    struct search search = {endpoint_of(local), endpoint_of(remote), row};
    struct socket_filter filter = {
        .family = local->sa_family, .local_port = search.local.port, .remote_port = search.remote.port};
    return proc_read(local->sa_family, &filter, compare_with_search, &search);
}
