/* frames.c: what becomes of a frame: it comes, is held, travels, is delivered or dropped; each is told. */
#define _GNU_SOURCE
#include "core_parts.h"

#include "common/await.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    CROSSED_US = 500000,
    LOOKS = 50, /* at the states, for frames that run free, in LOOK_MS: a look takes longer than a frame */
    BATCH = 64  /* frames that are taken, or passed on, in one call */
};

static struct state_pair states_at(struct wire *wire, const struct frame *frame)
{
    return states_of(&wire->states, connection_numbered(&wire->connections, frame->connection));
}

/* Takes a frame out of a list. */
static void take_out(struct frame **list, const struct frame *frame)
{
    while (*list && *list != frame)
        list = &(*list)->next;
    if (*list)
        *list = frame->next;
}

static void put_last(struct frame **list, struct frame *frame)
{
    while (*list)
        list = &(*list)->next;
    frame->next = NULL;
    *list = frame;
}

/* What travels stands in the order of its arrival. */
static void put_by_time(struct frame **list, struct frame *frame)
{
    while (*list && (*list)->due_us <= frame->due_us)
        list = &(*list)->next;
    frame->next = *list;
    *list = frame;
}

/* Questions about addresses and groups, which a host's kernel asks by itself: ARP, and ICMPv6's counterparts (RFC 4861,
 * RFC 3810). They go on at once and are not told. */
static bool is_housekeeping(const struct packet *packet)
{
    return packet->kind == PACKET_ARP || packet->kind == PACKET_OTHER ||
           (packet->kind == PACKET_ICMP && packet->family == AF_INET6 &&
            ((packet->icmp_type >= 130 && packet->icmp_type <= 137) || packet->icmp_type == 143));
}

/* Hands the frame to the other host: its kernel has dealt with it when send(2) returns. */
static void hand_over(const struct wire *wire, const struct frame *frame)
{
    const struct host *to = &wire->hosts.of[other_host(frame->from)];
    while (send(to->cable, frame->bytes, frame->length, 0) == -1 && errno == EINTR)
        ;
}

/* Whether to read the states for this frame: always, unless very many run free and this one is no SYN, FIN or RST. */
static bool worth_a_look(struct wire *wire, const struct frame *frame)
{
    long long now = now_us();
    if (now - wire->looks_since_us > LOOK_MS * 1000LL) {
        wire->looks_since_us = now;
        wire->looks = 0;
    }
    return wire->hold || (frame->packet.flags & (FLAG_SYN | FLAG_FIN | FLAG_RST)) || wire->looks++ < LOOKS;
}

/* The connection that it arrives in: there may be a newer one by now between the same ends, than the one that sent it.
 */
static int connection_now(const struct wire *wire, const struct frame *frame)
{
    int newest = connection_between(&wire->connections, frame->from, &frame->packet.from, &frame->packet.to);
    return frame->packet.kind == PACKET_TCP && newest > 0 ? newest : frame->connection;
}

/* Delivers it, and tells what that has changed. */
static void deliver_and_tell(struct wire *wire, struct frame *frame, bool stays)
{
    struct event event = {.kind = EVENT_DELIVERED,
                          .host = other_host(frame->from),
                          .frame = frame,
                          .connection = connection_now(wire, frame),
                          .duplicate = stays || frame->deliveries > 0,
                          .text = ""};
    struct connection *connection = connection_numbered(&wire->connections, event.connection);
    bool look = worth_a_look(wire, frame);
    if (look)
        wire_look(wire);
    event.before = states_of(&wire->states, connection);
    if (wire->hold)
        placing_take_a_turn();
    hand_over(wire, frame);
    /* At once: the packet may have woken a program up, whose next call changes the state again. */
    if (look && connection && states_read_connection(&wire->states, &wire->hosts, event.host, connection) == -1)
        look = false;
    frame->deliveries++;
    wire->traffic[frame->from].frames++;
    wire->traffic[frame->from].bytes += (long long)frame->length;
    event.states = states_of(&wire->states, connection);
    wire_emit(wire, &event);
    if (look && connection)
        states_changes(&wire->states, event.host, wire_emit, wire);
}

void wire_deliver(struct wire *wire, struct frame *frame, bool keep)
{
    if (!keep) {
        take_out(&wire->first_held, frame);
        wire->held_count--;
    }
    deliver_and_tell(wire, frame, keep);
    if (!keep)
        free(frame);
}

static void tell_dropped(struct wire *wire, const struct frame *frame, const char *why)
{
    wire_emit(wire, &(struct event){.kind = EVENT_DROPPED,
                                    .host = frame->from,
                                    .frame = frame,
                                    .connection = frame->connection,
                                    .states = states_at(wire, frame),
                                    .text = why});
}

void wire_drop(struct wire *wire, struct frame *frame, const char *why)
{
    take_out(&wire->first_held, frame);
    wire->held_count--;
    tell_dropped(wire, frame, why);
    free(frame);
}

void wire_put_last(struct wire *wire, struct frame *frame)
{
    take_out(&wire->first_held, frame);
    put_last(&wire->first_held, frame);
}

void wire_let_go(struct wire *wire)
{
    wire->hold = false;
    while (wire->first_held)
        wire_deliver(wire, wire->first_held, false);
}

/* The same segment again, while the first still is on the wire. */
static struct frame *held_already(const struct wire *wire, const struct frame *frame)
{
    for (struct frame *held = wire->first_held; held; held = held->next)
        if (same_segment(held, frame))
            return held;
    return NULL;
}

/* Both ends' timers ran out together: the answer is a repeat too, and came just before. */
static bool crossed(const struct frame *answer, const struct frame *frame)
{
    return answer->repeat_of && frame->time_us - answer->time_us < CROSSED_US;
}

/* Whether the acknowledgement of this is still on the wire. A host that waits for it repeats itself meanwhile (a SYN
 * every second): that tells nobody anything. */
static bool answer_is_held(const struct wire *wire, const struct frame *frame)
{
    for (const struct frame *held = wire->first_held; held; held = held->next)
        if (held->connection == frame->connection && held->from != frame->from && held->packet.flags & FLAG_ACK &&
            (int32_t)(held->packet.ack - frame->packet.seq) > 0 && !crossed(held, frame))
            return true;
    return false;
}

/* A bad network decides. */
static void send_travelling(struct wire *wire, struct frame *frame)
{
    struct traffic *traffic = &wire->traffic[frame->from];
    traffic->sent++;
    struct fate fate = bad_network_decide(&wire->network, frame->from, frame->length, now_us());
    if (fate.lost || wire->held_count >= HELD_MAX) {
        traffic->lost++;
        tell_dropped(wire, frame, fate.lost ? "lost by the network" : "lost: more than 4096 packets are on their way");
        free(frame);
        return;
    }
    traffic->duplicated += fate.duplicated;
    traffic->reordered += fate.reordered;
    frame->due_us = fate.due_us;
    frame->second_due_us = fate.duplicated ? fate.second_due_us : 0;
    put_by_time(&wire->first_travelling, frame);
    wire->held_count++;
}

/* Delivers what has arrived. */
void wire_deliver_due(struct wire *wire)
{
    struct frame *frame;
    while ((frame = wire->first_travelling) != NULL && frame->due_us <= now_us()) {
        bool again = frame->second_due_us > 0;
        wire->first_travelling = frame->next;
        deliver_and_tell(wire, frame, again);
        frame->due_us = frame->second_due_us;
        frame->second_due_us = 0;
        if (again) {
            put_by_time(&wire->first_travelling, frame);
        } else {
            wire->held_count--;
            free(frame);
        }
    }
}

/* A frame of which the views are told has come. */
static void frame_came(struct wire *wire, struct frame *frame)
{
    frame->number = wire->frame_count + 1;
    frame->time_us = now_us() - wire->began_us;
    connection_of(&wire->connections, frame);
    if (worth_a_look(wire, frame))
        wire_look(wire);
    frame->states = states_at(wire, frame);
    struct event event = {.kind = EVENT_CAME,
                          .host = frame->from,
                          .frame = frame,
                          .connection = frame->connection,
                          .states = frame->states,
                          .text = ""};
    struct frame *first = wire->hold ? held_already(wire, frame) : NULL;
    if (first)
        first->copies++;
    if (first || (wire->hold && frame->repeat_of && answer_is_held(wire, frame))) {
        frame->number = frame->repeat_of;
        event.kind = EVENT_AGAIN;
        event.frame = first ? first : frame;
        wire_emit(wire, &event);
        free(frame);
        return;
    }
    wire->frame_count++;
    wire_emit(wire, &event);
    if (wire->hold && wire->held_count >= HELD_MAX) {
        tell_dropped(wire, frame, "more than 4096 packets are held");
        free(frame);
    } else if (wire->hold) {
        put_last(&wire->first_held, frame);
        wire->held_count++;
    } else if (wire->network.on) {
        send_travelling(wire, frame);
    } else {
        deliver_and_tell(wire, frame, false);
        free(frame);
    }
}

/* One frame from a host. Returns whether there was one. */
static bool take_frame(struct wire *wire, enum host_id from)
{
    struct frame *frame = calloc(1, sizeof *frame);
    if (frame == NULL)
        return false; /* it waits in the socket until there is memory */
    ssize_t got = recv(wire->hosts.of[from].cable, frame->bytes, sizeof frame->bytes, MSG_TRUNC);
    if (got <= 0) {
        free(frame);
        return false;
    }
    frame->from = from;
    frame->length = (size_t)got < sizeof frame->bytes ? (size_t)got : sizeof frame->bytes;
    packet_decode(frame->bytes, frame->length, &frame->packet);
    if ((size_t)got > sizeof frame->bytes) {
        free(frame); /* larger than any host of ours may send */
    } else if (is_housekeeping(&frame->packet)) {
        hand_over(wire, frame);
        free(frame);
    } else {
        frame_came(wire, frame);
    }
    return true;
}

/* Frames that nobody looks at: from one cable to the other as they are. */
static void pass_on(struct wire *wire, enum host_id from)
{
    static char bytes[BATCH][FRAME_SIZE];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec){bytes[i], FRAME_SIZE};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[i], .msg_iovlen = 1}};
    }
    int count = recvmmsg(wire->hosts.of[from].cable, messages, BATCH, MSG_DONTWAIT, NULL), sent = 0;
    for (int i = 0; i < count; i++) {
        parts[i].iov_len = messages[i].msg_len;
        wire->traffic[from].bytes += messages[i].msg_len;
    }
    wire->traffic[from].frames += count > 0 ? count : 0;
    while (sent < count) {
        int now = sendmmsg(wire->hosts.of[other_host(from)].cable, messages + sent, (unsigned)(count - sent), 0);
        sent += now > 0 ? now : 1; /* one that can't be sent is lost, as on any network */
    }
}

void wire_take_frames(struct wire *wire, enum host_id from)
{
    if (!wire->hold && !wire->network.on && wire->view_count == 0) {
        pass_on(wire, from);
        return;
    }
    int left = BATCH;
    while (left-- > 0 && take_frame(wire, from))
        ;
}
