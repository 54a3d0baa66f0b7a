/* event.h: what happens between the two hosts, as one stream.
 *
 * The core makes the events and knows no view; a view (the ladder, JSON, the figure, the capture file, the coverage,
 * the quiz) is a function that is called with each of them, and knows nothing of the core.
 */
#ifndef WIRE_EVENT_H
#define WIRE_EVENT_H

#include "common/tcp_state.h"
#include "packet.h"

#include <stdbool.h>

enum host_id { CLIENT, SERVER, HOSTS };

static inline enum host_id other_host(enum host_id host)
{
    return host == CLIENT ? SERVER : CLIENT;
}

/* "client" or "server". */
const char *host_name(enum host_id host);

/* The state of a connection at both its ends. */
struct state_pair {
    enum tcp_state of[HOSTS]; /* STATE_CLOSED: no row; STATE_NONE: not a connection */
};

/* Larger frames do not come from our hosts: the offloads are off, and an MTU is 1500. */
enum { FRAME_SIZE = 1600 };

/* A frame that a host has sent. */
struct frame {
    int number; /* 1, 2 ... in the order in which they came to the wire */
    enum host_id from;
    long long time_us; /* when it came, since the wire began */
    struct packet packet;
    int connection; /* 1, 2 ... in the order in which they appeared; 0 = no TCP and no UDP */
    uint32_t seq,
        ack;       /* relative to the connection's initial sequence numbers, as Wireshark counts: SYN 0, data from 1 */
    bool acks_all; /* it acknowledges everything that the other side has sent so far */
    bool probe; /* an ACK whose number its sender has used before: it asks whether there is room, or anybody at all */
    uint32_t window;          /* bytes: with the scale that was agreed on */
    int repeat_of;            /* an earlier frame that said the same (a retransmission); 0 = none */
    long long pause_us;       /* a repeat: since it was sent the last time */
    int copies;               /* how often the same came again while this one was held */
    int deliveries;           /* how often it was delivered */
    struct state_pair states; /* when it came */
    size_t length;
    uint8_t bytes[FRAME_SIZE];
    struct frame *next;      /* the wire's, as the rest: */
    long long due_us;        /* when a bad network delivers it ... */
    long long second_due_us; /* ... and its duplicate; 0 = none */
};

enum event_kind {
    EVENT_BEGIN,     /* both hosts stand. text: the title */
    EVENT_RUN,       /* a command was started on host. text: the command, number: which one on that host */
    EVENT_OUTPUT,    /* it has written a line. text: the line without its end */
    EVENT_EXIT,      /* it has ended. text: "exit status 0", "killed by signal 9 (Killed)" */
    EVENT_CAME,      /* frame has come to the wire, from host, and is held there. states: now */
    EVENT_AGAIN,     /* host has sent the same as frame again while it, or the answer to it, is held: not counted */
    EVENT_DELIVERED, /* frame was handed to the other host. before, states: what that changed */
    EVENT_DROPPED,   /* frame was thrown away. text: why, or "" */
    EVENT_ANSWER,    /* somebody had said, before the delivery, in which state host will be: prediction, before */
    EVENT_STATE,     /* host's socket of the connection went from one state to another. from, states.of[host] */
    EVENT_NOTE,      /* text: a remark, of a script or of the wire itself */
    EVENT_FAILED,    /* a script did not go on as it says. text: the line and the reason */
    EVENT_END,       /* the last one */
};

/* What somebody has predicted (quiz.h), and what came true. */
struct prediction {
    int question; /* 1, 2 ... */
    int packet;   /* the frame's number; it may be gone */
    enum host_id from;
    const char *summary;   /* frame_text of the frame */
    enum tcp_state answer; /* STATE_NONE: nobody knew one */
    enum tcp_state truth;
    bool right;
    long long took_us; /* from the question to the answer */
};

struct event {
    enum event_kind kind;
    long long time_us; /* since the wire began */
    enum host_id host; /* RUN, OUTPUT, EXIT, CAME, AGAIN, STATE, ANSWER; DELIVERED: who got it; DROPPED: who sent it */
    const struct frame *frame;           /* CAME, AGAIN, DELIVERED, DROPPED; else NULL. Gone after the call */
    const struct prediction *prediction; /* ANSWER; else NULL. Gone after the call */
    int connection;                      /* of the frame, of STATE or ANSWER; 0 = none */
    struct state_pair before;            /* DELIVERED, ANSWER: the states just before the delivery */
    struct state_pair states;            /* CAME, DELIVERED, STATE: the states now */
    enum tcp_state from;                 /* STATE: the state before */
    struct endpoint local, remote;       /* STATE: the socket; remote is all zero for a listening one */
    bool duplicate;                      /* DELIVERED: it stays on the wire, or was delivered before */
    int number;                          /* RUN, OUTPUT, EXIT: the command, 1, 2 ... on that host */
    const char *text;                    /* never NULL */
};

/* A view: called with each event in turn. */
typedef void view_fn(void *context, const struct event *event);

/* What all views say alike of a frame, in few words: "SYN seq 0 win 64240 mss 1460", "UDP 5 bytes",
 * "who has 10.0.0.2?". At most size bytes, returns text. */
const char *frame_text(const struct frame *frame, char *text, size_t size);

/* What makes a repeat one: "1 again"; a SYN's, whose pauses are by heart (RFC 6298), "1 again after 1.0 s". */
enum { REPEAT_TEXT_SIZE = 48 };
const char *repeat_text(const struct frame *frame, char text[REPEAT_TEXT_SIZE]);

/* The state as netstat names it: "CLOSED" where there is no row, "-" where there is no connection. */
const char *event_state_name(enum tcp_state state);

#endif
