/* connections.h: which connection a segment belongs to, and its numbers counted from that connection's beginning. */
#ifndef WIRE_CONNECTIONS_H
#define WIRE_CONNECTIONS_H

#include "event.h"

enum { CONNECTIONS_KEPT = 256, SEGMENTS_KEPT = 256 };

/* Two ends that talk. A new SYN between the same ends makes a new one: one with another number, or one from an end
 * whose row had gone. */
struct connection {
    int number; /* 1, 2 ... */
    uint8_t protocol;
    int family;
    struct endpoint end[HOSTS];
    bool has_initial[HOSTS];
    uint32_t initial[HOSTS]; /* the initial sequence number of what that host sends */
    uint32_t next[HOSTS];    /* behind the last byte, SYN or FIN that it has sent: who acknowledges that has it all */
    int8_t scale[HOSTS];     /* the window scale of its SYN; -1 = none */
    enum tcp_state last[HOSTS]; /* the state of its last row there; STATE_NONE = it has had none yet */
    bool gone[HOSTS];           /* it has had a row there, and has none any more */
};

/* A segment that has been sent once: to know it again. */
struct segment {
    int frame, connection;
    enum host_id from;
    uint32_t seq, length;
    uint8_t flags;
    long long last_us; /* when it was sent the last time */
};

struct connections {
    int count; /* so many there were; the newest CONNECTIONS_KEPT are remembered */
    struct connection kept[CONNECTIONS_KEPT];
    unsigned segment_count;
    struct segment segments[SEGMENTS_KEPT];
};

/* Fills in the frame's connection, its relative numbers, its window in bytes, and whether it is a repeat (and
 * how long after the one before) or a probe. Returns its connection, NULL where it belongs to none. */
struct connection *connection_of(struct connections *connections, struct frame *frame);

/* The connection with that number, or NULL if it is forgotten. */
struct connection *connection_numbered(struct connections *connections, int number);

/* The number of the newest TCP connection between these ends, `local` on `host`; 0 if no segment of it was seen. */
int connection_between(const struct connections *connections, enum host_id host, const struct endpoint *local,
                       const struct endpoint *remote);

/* Whether both frames are the same segment: only a retransmission says the same twice. */
bool same_segment(const struct frame *one, const struct frame *other);

#endif
