#include "live.h"

#include "transitions.h"

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
    }
    path->steps[path->count].state = state;
    path->steps[path->count].seen = seen;
    path->count++;
}

/* Takes the state that the kernel shows now, and what must have lain between. Returns whether it is a new one. */
static bool go_on(struct path *path, enum tcp_state state)
{
    enum tcp_state from = path_end(path), between[STATE_COUNT];
    if (state == from)
        return false;
    /* That a row is gone has many reasons; only the passive closer's last step is certain. And of a connection that we
     * meet in the middle of its life only this much: whoever is ESTABLISHED has sent a SYN. */
    bool certain = state == STATE_CLOSED ? from == STATE_CLOSE_WAIT : path->count > 0 || state == STATE_ESTABLISHED;
    int count = certain ? transition_path(from, state, between) : 0;
    for (int i = 0; i < count; i++)
        add_step(path, between[i], false);
    add_step(path, state, true);
    return true;
}

/* The client's end of a connection; `port` is the server's. */
static const struct endpoint *client_of(const struct socket_row *row, uint16_t port)
{
    return row->local.port == port ? &row->remote : &row->local;
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static bool is_known(const struct snapshot *snapshot, const struct endpoint *client, uint16_t port)
{
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->rows[i].state != STATE_LISTEN && same_end(client_of(&snapshot->rows[i], port), client))
            return true;
    return false;
}

/* Chooses the connection to follow: a new one; at the first look the last that is not over. */
static void choose(struct live *live)
{
    for (size_t i = 0; i < live->after.count; i++) {
        const struct socket_row *row = &live->after.rows[i];
        const struct endpoint *client = client_of(row, live->filter.port);
        if (row->state == STATE_LISTEN || (live->follows && same_end(client, &live->client)) ||
            is_known(&live->before, client, live->filter.port) || (live->follows && row->state == STATE_TIME_WAIT))
            continue;
        live->follows = true;
        live->client = *client;
        live->family = row->family;
        live->server_path.count = live->client_path.count = 0;
    }
}

/* The states of both ends of the followed connection now, CLOSED where there is no row; counts the rest. */
static void read_states(struct live *live, enum tcp_state *server, enum tcp_state *client)
{
    int connections = 0;
    live->listens = false;
    *server = *client = STATE_CLOSED;
    for (size_t i = 0; i < live->after.count; i++) {
        const struct socket_row *row = &live->after.rows[i];
        if (row->state == STATE_LISTEN) {
            live->listens = true;
        } else if (live->follows && same_end(client_of(row, live->filter.port), &live->client)) {
            *(row->local.port == live->filter.port ? server : client) = row->state;
        } else if (row->local.port == live->filter.port) {
            connections++;
        }
    }
    live->others = connections;
}

int live_look(struct live *live)
{
    enum tcp_state server, client;
    int others = live->others;
    if (snapshot_take(&live->after, &live->table, &live->filter) == -1)
        return -1;
    choose(live);
    read_states(live, &server, &client);
    /* Until the connection has a row of its own at the server's end, LISTEN is where the server stands. */
    if (server == STATE_CLOSED && live->listens && (live->server_path.count == 0 || !live->follows))
        server = STATE_LISTEN;
    if (live->server_path.count == 0 && server != STATE_LISTEN && live->listens)
        add_step(&live->server_path, STATE_LISTEN, true);
    bool changed = go_on(&live->server_path, server);
    changed = go_on(&live->client_path, client) || changed;
    struct snapshot old = live->before;
    live->before = live->after;
    live->after = old;
    return changed || others != live->others;
}

void path_text(const struct path *path, char *text, size_t size)
{
    char whole[PATH_LENGTH * 20] = "CLOSED";
    size_t at = 0;
    for (int i = 0; i < path->count; i++)
        at += (size_t)snprintf(whole + at, sizeof whole - at, path->steps[i].seen ? "%s%s" : "%s(%s)", i ? " > " : "",
                               state_name(path->steps[i].state));
    size_t length = strlen(whole);
    if (length < size)
        snprintf(text, size, "%s", whole);
    else
        snprintf(text, size, "...%s", whole + length - (size - 4));
}
