#include "live.h"

#include "common/transitions.h"

#include <stdio.h>
#include <string.h>

int live_open(struct live *live, uint16_t port)
{
    memset(live, 0, sizeof *live);
    live->filter.port = port;
    return socket_table_open(&live->table);
}

void live_close(struct live *live)
{
    socket_table_close(&live->table);
    snapshot_free(&live->before);
    snapshot_free(&live->after);
}

enum tcp_state path_end(const struct path *path)
{
    return path->count ? path->steps[path->count - 1].state : STATE_CLOSED;
}

static void add_step(struct path *path, enum tcp_state state, bool seen)
{
    if (path->count == PATH_LENGTH) { /* the oldest is forgotten */
        memmove(&path->steps[0], &path->steps[1], sizeof path->steps - sizeof path->steps[0]);
        path->count--;
        path->forgotten++;
    }
    path->steps[path->count].state = state;
    path->steps[path->count].seen = seen;
    path->count++;
}

/* Takes the state that the kernel shows now and, where the state before is known (`infer`), what must have lain
 * between. Returns whether it is a new one. */
static bool go_on(struct path *path, enum tcp_state state, bool infer)
{
    enum tcp_state from = path_end(path), between[STATE_COUNT];
    if (state == from)
        return false;
    /* That a row is gone has many reasons; only the last step before is certain, and only for the passive closer. */
    if (infer && (state != STATE_CLOSED || from == STATE_CLOSE_WAIT)) {
        int count = transition_path(from, state, between);
        for (int i = 0; i < count; i++)
            add_step(path, between[i], false);
    }
    add_step(path, state, true);
    return true;
}

/* The client's end of a connection; `port` is the server's. A server on an IPv6 socket has IPv4 clients too, and their
 * own row is an IPv4 one: both forms of the address are made one. */
static struct endpoint client_of(const struct socket_row *row, uint16_t port)
{
    struct endpoint client = row->local.port == port ? row->remote : row->local;
    if (row->family != AF_INET6) {
        memmove(client.address + 12, client.address, 4);
        memset(client.address, 0, 10);
        memset(client.address + 10, 0xff, 2);
    }
    return client;
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool is_clients(const struct live *live, const struct socket_row *row, const struct endpoint *client)
{
    struct endpoint other = client_of(row, live->filter.port);
    return row->state != STATE_LISTEN && same_end(&other, client);
}

static bool is_known(const struct live *live, const struct endpoint *client)
{
    for (size_t i = 0; i < live->before.count; i++)
        if (is_clients(live, &live->before.rows[i], client))
            return true;
    return false;
}

/* A new connection is followed from now on, unless it is over already and the present one is not. */
static void consider(const struct socket_row *before, const struct socket_row *after, void *context)
{
    struct live *live = context;
    if (before || after->state == STATE_LISTEN || (live->lives && after->state == STATE_TIME_WAIT))
        return;
    struct endpoint client = client_of(after, live->filter.port);
    if ((live->follows && same_end(&client, &live->client)) || is_known(live, &client))
        return;
    live->follows = true;
    live->lives = after->state != STATE_TIME_WAIT;
    live->client = client;
    live->number++;
    live->server_seen = false;
    if (live->number > 1) { /* the first one goes on from LISTEN */
        memset(&live->server_path, 0, sizeof live->server_path);
        memset(&live->client_path, 0, sizeof live->client_path);
    }
}

/* The states of both ends of the followed connection now, CLOSED where there is no row; counts the rest. */
static void read_states(struct live *live, enum tcp_state *server, enum tcp_state *client)
{
    int at_server = 0, at_client = 0; /* other connections: on one machine each has a row at either end */
    live->listens = live->lives = false;
    *server = *client = STATE_CLOSED;
    for (size_t i = 0; i < live->after.count; i++) {
        const struct socket_row *row = &live->after.rows[i];
        bool server_end = row->local.port == live->filter.port;
        if (row->state == STATE_LISTEN) {
            live->listens = true;
        } else if (!live->follows || !is_clients(live, row, &live->client)) {
            *(server_end ? &at_server : &at_client) += 1;
        } else {
            *(server_end ? server : client) = row->state;
            live->server_seen = live->server_seen || server_end;
            live->lives = live->lives || row->state != STATE_TIME_WAIT;
        }
    }
    live->others = at_server > at_client ? at_server : at_client;
}

/* How an end was opened is inferred only where it is plain who waited and who called: a socket listens on the port, or
 * the server is another machine. */
static bool take_states(struct live *live, enum tcp_state server, enum tcp_state client)
{
    /* Until the connection has a row of its own at the server's end, LISTEN is where the server stands. */
    if (server == STATE_CLOSED && !live->server_seen && live->listens)
        server = STATE_LISTEN;
    bool changed = false;
    if (live->server_path.count == 0 && live->listens)
        changed = go_on(&live->server_path, STATE_LISTEN, false);
    changed = go_on(&live->server_path, server, live->server_path.count > 0) || changed;
    bool caller = live->client_path.count > 0 || live->listens || !live->server_seen;
    return go_on(&live->client_path, client, caller) || changed;
}

int live_look(struct live *live)
{
    enum tcp_state server, client;
    int others = live->others, number = live->number;
    if (snapshot_take(&live->after, &live->table, &live->filter) == -1)
        return -1;
    snapshot_compare(&live->before, &live->after, consider, live);
    read_states(live, &server, &client);
    bool changed = take_states(live, server, client);
    struct snapshot old = live->before;
    live->before = live->after;
    live->after = old;
    return changed || others != live->others || number != live->number;
}

void path_text(const struct path *path, const char *(*name_of)(enum tcp_state), char *text, size_t size)
{
    char whole[PATH_LENGTH * 20] = "";
    size_t at = 0;
    for (int i = 0; i < path->count; i++)
        at += (size_t)snprintf(whole + at, sizeof whole - at, path->steps[i].seen ? "%s%s" : "%s(%s)", i ? " > " : "",
                               name_of(path->steps[i].state));
    if (at < size)
        snprintf(text, size, "%s", whole);
    else
        snprintf(text, size, "...%s", whole + at - (size - 4));
}
