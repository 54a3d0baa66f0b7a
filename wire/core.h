/* core.h: the wire: two hosts, what runs on them, and every frame between them in our hand.
 *
 * Whoever drives it (a person, a script, a clock) calls wire_wait() for what happens next, and decides about the frames
 * that are held; every view is told of everything by way of events (event.h).
 */
#ifndef WIRE_CORE_H
#define WIRE_CORE_H

#include "bad_network.h"
#include "command.h"
#include "connections.h"
#include "event.h"
#include "hosts.h"
#include "join.h"
#include "states.h"

#include <poll.h>
#include <stdbool.h>

enum { VIEWS_MAX = 8, HELD_MAX = 4096, EXTRA_MAX = 4 };

struct view {
    view_fn *see;
    void *context;
};

/* What has gone through, for the summary. */
struct traffic {
    long long sent;                        /* frames that came to a bad network */
    long long frames, bytes;               /* delivered */
    long long lost, duplicated, reordered; /* by the bad network */
};

struct wire {
    struct hosts hosts;
    int join; /* where other terminals ask for the way to the hosts (join.h); -1 = they can't */
    struct states states;
    struct connections connections;
    struct command commands[COMMANDS_MAX];
    int command_count, run_count[HOSTS];
    struct frame *first_held;       /* on the wire, in the order in which they came */
    struct frame *first_travelling; /* those that a bad network delivers later, in the order of their arrival */
    int held_count;                 /* of both */
    int frame_count;
    long long event_count;
    int servers_ready; /* so many lines "listening on" have been printed on the server */
    bool hold;         /* frames wait for a decision; otherwise they go on at once, or as the bad network says */
    struct bad_network network; /* what happens to them then */
    struct traffic traffic[HOSTS];
    struct view views[VIEWS_MAX];
    int view_count;
    long long began_us, looked_us;
    long long looks_since_us;       /* a time in which so many ... */
    int looks;                      /* ... looks at the states were taken for frames that run free */
    struct pollfd extra[EXTRA_MAX]; /* what else ends a wait: a keyboard. The owner sets fd and events */
    int extra_count;
};

/* Makes the hosts. `title` is told to the views (which are added before). Returns 0, or -1 after a report. */
int wire_open(struct wire *wire, const struct hosts_options *options, const char *title);

/* The end: whatever still runs is ended, the hosts are taken away, the views are told. */
void wire_close(struct wire *wire);

/* Adds a view. There is room for VIEWS_MAX. */
void wire_add_view(struct wire *wire, view_fn *see, void *context);

/* Waits until something has happened: a frame, a line of output, the end of a program, a change of state, or that a
 * descriptor in `extra` is ready. Returns 1, 0 when `timeout_ms` are over (-1: no limit), or -1 with errno: EINTR once
 * a stop signal has come. */
int wire_wait(struct wire *wire, int timeout_ms);

/* Starts a command on a host. Returns it, or NULL with errno: also if there is no such program (command.h). */
struct command *wire_run(struct wire *wire, enum host_id host, const char *text, bool with_input);

/* What can be done with a frame that is held. Delivering hands it to the other host's kernel, which has dealt with it
 * when the call returns; the frame then is gone. With `keep` it stays, and may be delivered again: a duplicate.
 * wire_put_last lets all others that are held go first. */
void wire_deliver(struct wire *wire, struct frame *frame, bool keep);
void wire_drop(struct wire *wire, struct frame *frame, const char *why);
void wire_put_last(struct wire *wire, struct frame *frame);

/* Delivers all that is held, and from then on everything at once. wire->hold holds again. */
void wire_let_go(struct wire *wire);

/* Gives an event to every view, with the time and, if it is of a state, the connection. `context` is the wire: it is a
 * view_fn itself. For what the core does not know of: an answer. */
void wire_emit(void *context, const struct event *event);

/* A remark for the views. */
void wire_note(struct wire *wire, enum event_kind kind, const char *text);

/* Reads the states again; changes are told. Returns 0, or -1 with errno. */
int wire_look(struct wire *wire);

/* Whether a command still runs on that host. */
bool wire_runs(const struct wire *wire, enum host_id host);

#endif
