/* drive.h: who decides what happens to the packets: a clock, or a person. */
#ifndef WIRE_DRIVE_H
#define WIRE_DRIVE_H

#include "core.h"
#include "options.h"

/* Starts the commands of the options: the server's, and once something listens there, the client's. Returns 0, -1 after
 * a report, or 1 when a stop signal came. */
int drive_start(struct wire *wire, const struct wire_options *options);

/* Each packet goes on by itself, until the client's commands have ended and nothing moves any more. Returns the exit
 * status. */
int drive_by_clock(struct wire *wire, const struct wire_options *options);

/* A person decides about each packet: by keys where options->screen says so, else by lines of the standard input. With
 * options->quiz each delivery is asked about. Returns the exit status. */
int drive_by_hand(struct wire *wire, struct wire_options *options);

/* The packets that come from now on, and those held, go on by themselves, each after `held_ms`, until all is over or
 * nothing moves any more. Returns 0, 1 when a stop signal came, or -1 with errno. */
int drive_to_the_end(struct wire *wire, const struct wire_options *options, int held_ms);

/* The worst of the client's commands decides: 0 if all ended with 0. A server is ended by us. */
int drive_exit_status(const struct wire *wire);

/* Whether all is over: the client's commands have ended, nothing is on the wire, and each connection has either no row
 * any more or waits in TIME_WAIT. */
bool drive_is_over(const struct wire *wire);

#endif
