/* view_json.h: the events as JSON (RFC 8259), one object a line, for tools: `wire --json ... | jq`.
 *
 *     {"event":"delivered","time":0.001234,"packet":1,"from":"client","to":"server","connection":1,"protocol":"tcp",
 *      "source":"10.0.0.1","source_port":40000,"destination":"10.0.0.2","destination_port":7000,"ttl":64,
 *      "flags":["SYN"],"seq":0,"seq_raw":2271560481,"len":0,"win":64240,
 *      "options":{"mss":1460,"window_scale":7,"sack_permitted":true,"timestamps":{"value":1,"echo":0}},
 *      "summary":"SYN seq 0 win 64240 mss 1460","sent":0.000100,"deliveries":1,"duplicate":false,
 *      "before":{"client":"SYN_SENT","server":"LISTEN"},"states":{"client":"SYN_SENT","server":"SYN_RECV"}}
 *
 * What does not apply is absent, never null. Times are seconds since the wire began. seq, ack and sack count from the
 * connection's beginning; seq_raw and ack_raw are the numbers in the segment. States are named as netstat names them.
 *
 *     event        besides "event" and "time"
 *     begin        title
 *     run          host, number (which command on that host), command
 *     output       host, number, text
 *     exit         host, number, text
 *     came         packet, from, to, ..., states
 *     again        the same; copies (how often it was sent again), sent (when it came)
 *     delivered    the same; sent, deliveries, duplicate, before, states
 *     dropped      the same; sent, reason
 *     answer       question, packet, from, to, connection, summary, before; host (whose state was asked), answer
 * (absent: nobody knew one), truth, right, seconds (from the question to the answer) state        host, connection,
 * local, local_port, remote, remote_port, old, new note         text failed       text end
 */
#ifndef WIRE_VIEW_JSON_H
#define WIRE_VIEW_JSON_H

#include "event.h"

#include <stdbool.h>

struct json_view {
    int fd;
    bool failed; /* something could not be written: nothing more is tried ... */
    int error;   /* ... and this is the reason, an errno; view_json_close returns it */
};

/* Opens the file `path`, "-" for standard output, at its beginning. Returns 0, or -1 with errno. */
int view_json_open(struct json_view *view, const char *path);

/* The view (view_fn); context is the struct json_view. Each line is written at once, so that whoever reads a pipe sees
 * what happens while it happens. */
void view_json(void *context, const struct event *event);

/* Returns 0 if everything was written, or -1 with errno. */
int view_json_close(struct json_view *view);

#endif
