#include "states.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* An IPv4 address inside an IPv6 one (RFC 4291, section 2.5.5.2) as IPv4. */
static bool unmap(struct endpoint *end)
{
    static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (memcmp(end->address, prefix, sizeof prefix) != 0)
        return false;
    memmove(end->address, end->address + sizeof prefix, 4);
    memset(end->address + 4, 0, 12);
    return true;
}

static int add_row(const struct socket_row *row, void *context)
{
    struct state_list *list = context;
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        struct state_row *rows = realloc(list->rows, room * sizeof *rows);
        if (rows == NULL)
            return -1;
        list->rows = rows;
        list->room = room;
    }
    struct state_row *added = &list->rows[list->count++];
    memset(added, 0, sizeof *added);
    *added = (struct state_row){row->family, row->local, row->remote, row->state};
    if (row->family == AF_INET6 && unmap(&added->local)) {
        unmap(&added->remote);
        added->family = AF_INET;
    }
    return 0;
}

static int compare_ends(const struct endpoint *one, const struct endpoint *other)
{
    if (one->port != other->port)
        return one->port < other->port ? -1 : 1;
    return memcmp(one->address, other->address, sizeof one->address);
}

/* The order of the list: by socket, not by state. */
static int compare_rows(const void *one, const void *other)
{
    const struct state_row *a = one, *b = other;
    if (a->family != b->family)
        return a->family - b->family;
    int order = compare_ends(&a->local, &b->local);
    return order ? order : compare_ends(&a->remote, &b->remote);
}

/* What was read last becomes `before`, and a new list begins. */
static struct state_list *turn_over(struct states *states, int host)
{
    struct state_list old = states->before[host];
    states->before[host] = states->now[host];
    states->now[host] = old;
    states->now[host].count = 0;
    return &states->now[host];
}

static int read_rows(struct state_list *list, struct host *host, const struct socket_filter *filter)
{
    if (socket_table_read(&host->table, filter, add_row, list) == -1)
        return -1;
    if (list->count > 1)
        qsort(list->rows, list->count, sizeof *list->rows, compare_rows);
    return 0;
}

int states_read(struct states *states, struct hosts *hosts)
{
    static const struct socket_filter all = {0};
    for (int host = 0; host < HOSTS; host++)
        if (read_rows(turn_over(states, host), &hosts->of[host], &all) == -1)
            return -1;
    return 0;
}

int states_read_connection(struct states *states, struct hosts *hosts, enum host_id host,
                           const struct connection *connection)
{
    struct socket_filter filter = {.local_port = connection->end[host].port,
                                   .remote_port = connection->end[other_host(host)].port};
    struct state_list *list = turn_over(states, (int)host);
    const struct state_list *before = &states->before[host];
    if (socket_table_read(&hosts->of[host].table, &filter, add_row, list) == -1)
        return -1;
    for (size_t i = 0; i < before->count; i++) {
        const struct state_row *row = &before->rows[i];
        struct socket_row same = {
            .family = row->family, .local = row->local, .remote = row->remote, .state = row->state};
        if ((row->local.port != filter.local_port || row->remote.port != filter.remote_port) &&
            add_row(&same, list) == -1)
            return -1;
    }
    if (list->count > 1)
        qsort(list->rows, list->count, sizeof *list->rows, compare_rows);
    return 0;
}

/* Whether somebody listens at that port of the list's host. */
static bool listens(const struct state_list *list, uint16_t port)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].state == STATE_LISTEN && list->rows[i].local.port == port)
            return true;
    return false;
}

/* What a socket was before it had a row, or is after it: most are made by a call, some by a listening socket. A row in
 * SYN_RECV that goes away while its listener stays is the RFC's way back to LISTEN. */
static enum tcp_state without_row(const struct state_list *list, const struct state_row *row, bool gone)
{
    bool from_listener = gone ? row->state == STATE_SYN_RECV
                              : row->state == STATE_SYN_RECV || row->state == STATE_ESTABLISHED ||
                                    row->state == STATE_CLOSE_WAIT;
    return from_listener && listens(list, row->local.port) ? STATE_LISTEN : STATE_CLOSED;
}

void states_changes(const struct states *states, enum host_id host, view_fn *emit, void *context)
{
    const struct state_list *before = &states->before[host], *now = &states->now[host];
    size_t old = 0, new = 0;
    while (old < before->count || new < now->count) {
        struct event event = {.kind = EVENT_STATE, .host = host, .text = ""};
        int order = old == before->count ? 1
                    : new == now->count  ? -1
                                         : compare_rows(&before->rows[old], &now->rows[new]);
        const struct state_row *row = order < 0 ? &before->rows[old] : &now->rows[new];
        event.from = order > 0 ? without_row(now, row, false) : before->rows[old].state;
        event.states.of[host] = order < 0 ? without_row(now, row, true) : row->state;
        event.local = row->local;
        event.remote = row->remote;
        old += order <= 0;
        new += order >= 0;
        if (event.from != event.states.of[host])
            emit(context, &event);
    }
}

/* The state of exactly this socket, STATE_NONE if it has no row. */
static enum tcp_state row_state(const struct state_list *list, int family, const struct endpoint *local,
                                const struct endpoint *remote)
{
    struct state_row wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted = (struct state_row){family, *local, *remote, STATE_NONE};
    const struct state_row *row = list->count ? bsearch(&wanted, list->rows, list->count, sizeof wanted, compare_rows)
                                              : NULL;
    return row ? row->state : STATE_NONE;
}

struct state_pair states_of(const struct states *states, struct connection *connection)
{
    struct state_pair pair = {{STATE_NONE, STATE_NONE}};
    for (int host = 0; connection && connection->protocol == IPPROTO_TCP && host < HOSTS; host++) {
        enum tcp_state last = connection->last[host];
        const struct endpoint *local = &connection->end[host];
        pair.of[host] = row_state(&states->now[host], connection->family, local,
                                  &connection->end[other_host((enum host_id)host)]);
        if (pair.of[host] != STATE_NONE)
            connection->last[host] = pair.of[host];
        else if ((last == STATE_NONE || last == STATE_SYN_RECV) && listens(&states->now[host], local->port))
            pair.of[host] = STATE_LISTEN;
        else
            pair.of[host] = STATE_CLOSED;
        if (pair.of[host] == STATE_CLOSED && last != STATE_NONE)
            connection->gone[host] = true;
    }
    return pair;
}

bool states_have(const struct states *states, enum host_id host, enum tcp_state state, uint16_t local_port)
{
    const struct state_list *list = &states->now[host];
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].state == state && (local_port == 0 || list->rows[i].local.port == local_port))
            return true;
    return false;
}

void states_free(struct states *states)
{
    for (int host = 0; host < HOSTS; host++) {
        free(states->now[host].rows);
        free(states->before[host].rows);
    }
    memset(states, 0, sizeof *states);
}
