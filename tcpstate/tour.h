/* tour.h: what the parts of the tour tell, and how.
 *
 *     tour_call(tour, "client", "shutdown(fd, SHUT_WR)")       announces the call, and pauses
 *     shutdown(...)                                            the part makes it
 *     tour_passed(tour, STATE_FIN_WAIT1, STATE_CLOSE_WAIT)     what lies between: seen if the kernel still shows it
 *     tour_see(tour, STATE_FIN_WAIT2, STATE_CLOSE_WAIT)        what the kernel shows when all is done
 */
#ifndef TCPSTATE_TOUR_H
#define TCPSTATE_TOUR_H

#include "recipes.h"

#include <stdbool.h>

struct tour_options {
    bool netstat; /* real netstat's rows beside ours */
    bool step;    /* Enter before each call */
    bool ascii;   /* no arrows */
    bool json;    /* one event a line */
    bool colour;
    int pause_ms; /* before each call */
};

/* How often each state was seen and inferred, and where. */
struct tour_tally {
    unsigned seen[STATE_COUNT], inferred[STATE_COUNT];
    unsigned parts[STATE_COUNT]; /* bit N: seen in part N */
};

struct tour {
    struct tour_options options;
    struct socket_table table;
    struct scene scene;
    bool accepted;   /* the server's end is the connection, no longer the listening socket */
    bool one_socket; /* the client is connected to itself: one row is both ends */
    int part;
    const char *who;               /* who calls, ... */
    char call[48];                 /* ... what; empty once a line has shown it */
    enum tcp_state client, server; /* as the last line had them; CLOSED = no row */
    int failures;                  /* states that the kernel should have shown and did not */
    struct tour_tally tally;
};

/* A part of the tour. Returns false when it could not go on: reported, or a stop signal came. */
typedef bool tour_part_fn(struct tour *tour);

tour_part_fn tour_handshake, tour_syn_sent, tour_syn_recv, tour_simultaneous_open;                 /* tour_open.c */
tour_part_fn tour_half_close, tour_fin_waits, tour_simultaneous_close, tour_reset, tour_time_wait; /* tour_close.c */

/* ---- tour_show.c */

/* A new part with its title and its idea in one sentence; the sockets of the part before are reset. */
void tour_begin_part(struct tour *tour, const char *title, const char *idea);

/* Announces a call, printf-like, and pauses or waits for Enter. Returns false when a stop signal came. */
bool tour_call(struct tour *tour, const char *who, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What the ends pass through within the call: one look; seen if the kernel shows it at this moment, else inferred. */
void tour_passed(struct tour *tour, enum tcp_state client, enum tcp_state server);

/* Asks the kernel until both ends are in these states, and tells it. Returns false when it does not get there within
 * a few seconds (reported), or a stop signal came. */
bool tour_see(struct tour *tour, enum tcp_state client, enum tcp_state server);

/* A remark below the line, printf-like. */
void tour_note(struct tour *tour, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- tour_tally.c */

/* The table of the eleven states. Returns whether all ten that have a row were seen; reports those that were not. */
bool tour_tell_tally(const struct tour *tour);

/* ---- tour_netstat.c */

/* Whether netstat can be run here. */
bool netstat_is_there(void);

/* Runs netstat -ant and calls `fn` with each of its rows (no newline) that has `port` at either end. Returns 0, or -1.
 */
int netstat_rows(unsigned port, void (*fn)(const char *row, void *context), void *context);

#endif
