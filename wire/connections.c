#include "connections.h"

#include <netinet/in.h>
#include <string.h>

static bool same_end(const struct endpoint *one, const struct endpoint *other)
{
    return one->port == other->port && memcmp(one->address, other->address, sizeof one->address) == 0;
}

struct connection *connection_numbered(struct connections *connections, int number)
{
    if (number < 1 || number > connections->count || number <= connections->count - CONNECTIONS_KEPT)
        return NULL;
    return &connections->kept[number % CONNECTIONS_KEPT];
}

/* The newest connection between two ends, `from` on `host`; its place in kept, or -1. */
static int find(const struct connections *connections, int protocol, enum host_id host, const struct endpoint *from,
                const struct endpoint *to)
{
    for (int i = 0; i < connections->count && i < CONNECTIONS_KEPT; i++) {
        int place = (connections->count - i) % CONNECTIONS_KEPT;
        const struct connection *connection = &connections->kept[place];
        if (connection->protocol == protocol && same_end(&connection->end[host], from) &&
            same_end(&connection->end[other_host(host)], to))
            return place;
    }
    return -1;
}

int connection_between(const struct connections *connections, enum host_id host, const struct endpoint *local,
                       const struct endpoint *remote)
{
    int place = find(connections, IPPROTO_TCP, host, local, remote);
    return place == -1 ? 0 : connections->kept[place].number;
}

static struct connection *add(struct connections *connections, const struct frame *frame)
{
    connections->count++;
    struct connection *connection = &connections->kept[connections->count % CONNECTIONS_KEPT];
    *connection = (struct connection){.number = connections->count,
                                      .protocol = frame->packet.protocol,
                                      .family = frame->packet.family,
                                      .scale = {-1, -1}};
    connection->end[frame->from] = frame->packet.from;
    connection->end[other_host(frame->from)] = frame->packet.to;
    return connection;
}

/* The numbers that this side counts from. A segment that we meet in the middle is taken for the first byte of data. */
static void learn_initial(struct connection *connection, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    if (packet->flags & FLAG_SYN) {
        connection->initial[frame->from] = packet->seq;
        connection->has_initial[frame->from] = true;
        connection->scale[frame->from] = packet->window_scale;
    } else if (!connection->has_initial[frame->from] && !(packet->flags & FLAG_RST)) {
        connection->initial[frame->from] = packet->seq - 1;
        connection->next[frame->from] = packet->seq;
        connection->has_initial[frame->from] = true;
    }
    uint32_t next = packet->seq + packet->length + ((packet->flags & FLAG_SYN) != 0) +
                    ((packet->flags & FLAG_FIN) != 0);
    if ((packet->flags & FLAG_SYN) || (int32_t)(next - connection->next[frame->from]) > 0)
        connection->next[frame->from] = next;
    enum host_id to = other_host(frame->from);
    if ((packet->flags & FLAG_ACK) && !connection->has_initial[to]) {
        connection->initial[to] = packet->ack - 1;
        connection->next[to] = packet->ack;
        connection->has_initial[to] = true;
    }
}

/* The window counts in units that both SYNs agreed on; in a SYN itself it counts bytes (RFC 7323, section 2.2). */
static uint32_t window_of(const struct connection *connection, const struct frame *frame)
{
    bool scaled = !(frame->packet.flags & FLAG_SYN) && connection->scale[CLIENT] >= 0 && connection->scale[SERVER] >= 0;
    return (uint32_t)frame->packet.window << (scaled ? connection->scale[frame->from] : 0);
}

/* A probe of a closed window, and a keepalive, repeat a number that was acknowledged long ago, without data: whoever
 * gets that has to answer (RFC 9293, 3.8.4 and 3.8.6.1). Every other ACK has the number that comes next. */
static bool is_probe(const struct connection *connection, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    return connection->has_initial[frame->from] && packet->length == 0 &&
           (packet->flags & (FLAG_ACK | FLAG_SYN | FLAG_FIN | FLAG_RST)) == FLAG_ACK &&
           packet->seq == connection->next[frame->from] - 1;
}

/* The flags that make a segment another one. An ACK matters beside a SYN alone: in a simultaneous open a SYN is sent,
 * and then a SYN+ACK with the same number. */
static uint8_t control_of(const struct packet *packet)
{
    const uint8_t control = FLAG_SYN | FLAG_FIN | FLAG_RST;
    return packet->flags & (packet->flags & FLAG_SYN ? control | FLAG_ACK : control);
}

bool same_segment(const struct frame *one, const struct frame *other)
{
    const struct packet *a = &one->packet, *b = &other->packet;
    return a->kind == PACKET_TCP && b->kind == PACKET_TCP && one->from == other->from &&
           one->connection == other->connection && a->seq == b->seq && a->length == b->length &&
           control_of(a) == control_of(b) && (a->length > 0 || (a->flags & (FLAG_SYN | FLAG_FIN)));
}

/* Looks for the same segment among those seen, and remembers this one. */
static void find_repeat(struct connections *connections, struct frame *frame)
{
    struct segment now = {frame->number,        frame->connection,          frame->from,   frame->packet.seq,
                          frame->packet.length, control_of(&frame->packet), frame->time_us};
    if (now.length == 0 && !(now.flags & (FLAG_SYN | FLAG_FIN)))
        return; /* an ACK may be said twice without being a repeat */
    for (unsigned i = 0; i < connections->segment_count && i < SEGMENTS_KEPT; i++) {
        struct segment *old = &connections->segments[i];
        if (old->connection == now.connection && old->from == now.from && old->seq == now.seq &&
            old->length == now.length && old->flags == now.flags) {
            frame->repeat_of = old->frame;
            frame->pause_us = now.last_us - old->last_us;
            old->last_us = now.last_us;
            return;
        }
    }
    connections->segments[connections->segment_count++ % SEGMENTS_KEPT] = now;
}

/* Whether this SYN begins another connection than that one between the same ends. Only who begins sends it without ACK.
 */
static bool is_new_syn(const struct connection *connection, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    if (packet->kind != PACKET_TCP || !(packet->flags & FLAG_SYN))
        return false;
    if (!(packet->flags & FLAG_ACK) && connection->gone[frame->from])
        return true;
    return connection->has_initial[frame->from] && connection->initial[frame->from] != packet->seq;
}

struct connection *connection_of(struct connections *connections, struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    if (packet->kind != PACKET_TCP && packet->kind != PACKET_UDP)
        return NULL;
    int place = find(connections, packet->protocol, frame->from, &packet->from, &packet->to);
    struct connection *connection = place == -1 ? NULL : &connections->kept[place];
    if (place == -1 || is_new_syn(connection, frame))
        connection = add(connections, frame);
    frame->connection = connection->number;
    if (packet->kind == PACKET_UDP)
        return connection;
    frame->probe = is_probe(connection, frame);
    learn_initial(connection, frame);
    enum host_id to = other_host(frame->from);
    frame->seq = connection->has_initial[frame->from] ? packet->seq - connection->initial[frame->from] : 0;
    frame->ack = packet->flags & FLAG_ACK ? packet->ack - connection->initial[to] : 0;
    frame->acks_all = (packet->flags & FLAG_ACK) && packet->ack == connection->next[to];
    frame->window = window_of(connection, frame);
    find_repeat(connections, frame);
    return connection;
}
