/* states.h: the sockets of both hosts, read from their kernels, and what has changed since the last look. */
#ifndef WIRE_STATES_H
#define WIRE_STATES_H

#include "connections.h"
#include "event.h"
#include "hosts.h"

/* One row of netstat on a host. An IPv4 connection of an IPv6 socket stands here as IPv4. */
struct state_row {
    int family;
    struct endpoint local, remote;
    enum tcp_state state;
};

struct state_list {
    struct state_row *rows; /* ours; sorted */
    size_t count, room;
};

struct states {
    struct state_list now[HOSTS], before[HOSTS];
};

/* Reads both hosts' rows; what was read last is kept as `before`. Returns 0, or -1 with errno. */
int states_read(struct states *states, struct hosts *hosts);

/* The same for the rows of one connection on one host alone, which takes a tenth of the time; all others stay as they
 * were read last. */
int states_read_connection(struct states *states, struct hosts *hosts, enum host_id host,
                           const struct connection *connection);

/* What has changed on a host between the last two readings, as events of kind EVENT_STATE, given to `emit` one by one.
 */
void states_changes(const struct states *states, enum host_id host, view_fn *emit, void *context);

/* The connection's state at both ends, as it was read last: CLOSED where it has no row (any more); LISTEN at an end
 * that only listens, and again after SYN_RECV. `connection` NULL or UDP: STATE_NONE. */
struct state_pair states_of(const struct states *states, struct connection *connection);

/* Whether the host has a row in that state, at that port of its own (0: at any). */
bool states_have(const struct states *states, enum host_id host, enum tcp_state state, uint16_t local_port);

void states_free(struct states *states);

#endif
