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

/* Whether all is over: the client's commands have ended, nothing is on the wire, and each connection has either no row
 * any more or waits in TIME_WAIT. */
bool drive_is_over(const struct wire *wire);

#endif
