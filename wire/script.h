/* script.h: the language of .wire files: a scene between the two hosts, line by line.
 *
 *     run server tcp_server -q -b 10.0.0.2 7000
 *     state server LISTEN
 *     run client tcp_client -q 10.0.0.2 7000 hello
 *     expect SYN from client
 *     states SYN_SENT LISTEN
 *     deliver
 *
 * wire(1) tells all of it.
 */
#ifndef WIRE_SCRIPT_H
#define WIRE_SCRIPT_H

#include "event.h"

#include <stdbool.h>

enum { SCRIPT_LINES = 1000, SCRIPT_LINE_SIZE = 400, NAME_MAX_LENGTH = 24 };

enum verb {
    VERB_TITLE,     /* title TEXT */
    VERB_SAY,       /* say TEXT */
    VERB_TIMERS,    /* timers kernel | still | slow   quickack on | off     before the first run: */
    VERB_QUICKACK,  /* how the hosts are set up */
    VERB_SET,       /* set HOST SYSCTL VALUE */
    VERB_RUN,       /* run HOST COMMAND */
    VERB_INPUT,     /* input HOST TEXT: a line for the newest command's standard input */
    VERB_END_INPUT, /* end-input HOST: its end */
    VERB_SIGNAL,    /* signal HOST NAME: to the newest command */
    VERB_EXIT,      /* exit HOST STATUS | killed: waits for the newest command's end */
    VERB_OUTPUT,    /* output HOST TEXT: waits until the newest command there has printed a line with TEXT */
    VERB_STATE,     /* state HOST STATE: waits until a socket there is in it, CLOSED: until there is none */
    VERB_STATES,    /* states STATE STATE: waits until both ends of the packet's connection are in them */
    VERB_EXPECT,    /* expect PACKET from HOST: waits for the next packet of that host; it has to be this one */
    VERB_PASS,      /* pass until PACKET from HOST: lets all others through until that one comes */
    VERB_NOTHING,   /* nothing from HOST: no packet of it is on the wire that was not expected */
    VERB_KEEP,      /* keep NAME: gives the packet a name and leaves it on the wire */
    VERB_DELIVER,   /* deliver [NAME]     drop [NAME]     duplicate [NAME]: without NAME the packet expected last */
    VERB_DROP,
    VERB_DUPLICATE,
    VERB_FREE, /* free: from here on everything is delivered at once */
    VERB_WHY   /* why TEXT: what it means if one of the lines up to the next `why` does not come true */
};

enum packet_class {
    CLASS_SYN,
    CLASS_SYN_ACK,
    CLASS_ACK,  /* nothing but an acknowledgement */
    CLASS_DATA, /* with data */
    CLASS_FIN,  /* with or without data */
    CLASS_RST,
    CLASS_UDP,
    CLASS_ICMP
};

/* "SYN", "DATA ... seq 1 len 5", "FIN ... repeat": what a packet has to be. */
struct pattern {
    enum packet_class class;
    bool has_seq, has_ack, has_length, has_window, repeat, probe, acks_all;
    uint32_t seq, ack, length, window;
};

struct statement {
    int line;
    enum verb verb;
    enum host_id host;
    struct pattern pattern;
    enum tcp_state states[HOSTS]; /* STATE: in [0] */
    int number;                   /* EXIT: the status, -1 = killed. SIGNAL: its number. TIMERS, QUICKACK: 0 or 1 */
    int within_ms;                /* how long it may wait; 0 = as usual */
    const char *text;             /* points into `lines`; "" where there is none */
    const char *second;           /* SET: the value */
};

struct script {
    const char *file;
    int count;
    struct statement statements[SCRIPT_LINES];
    char lines[SCRIPT_LINES][SCRIPT_LINE_SIZE];   /* the file's lines, cut into words where they were read */
    char written[SCRIPT_LINES][SCRIPT_LINE_SIZE]; /* ... and as they were written */
};

/* Reads a file. Returns it (for free(3)), or NULL after a report that names the line. */
struct script *script_read(const char *file);

/* Whether a packet is what the pattern says. */
bool pattern_matches(const struct pattern *pattern, const struct frame *frame);

#endif
