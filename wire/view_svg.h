/* view_svg.h: the ladder as a figure for a printed hand-out (SVG 1.1): the client's life line on the left, the server's
 * on the right, and an arrow for each packet from where it left to where it arrived.
 *
 * From top to bottom stands the order of the events, not the time: each has a row of the same height. A packet that is
 * held while others pass it crosses them; one that is dropped ends in a cross in the middle; a second delivery is a
 * dashed arrow. Beside the life lines stand the states, as netstat names them, in boxes, and what the programs print.
 * The file needs nothing else: no script, no font of its own, no colour.
 */
#ifndef WIRE_VIEW_SVG_H
#define WIRE_VIEW_SVG_H

#include "event.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
    SVG_TEXT_SIZE = 480,  /* bytes of a text that is kept: a remark of a script */
    SVG_ITEMS_MAX = 4000, /* the figure then ends with "…" */
    SVG_CONNECTIONS = 64  /* whose last states are remembered, by connection number modulo this */
};

struct svg_item; /* view_svg_figure.h */

/* What the figure shows as the states of a connection at this point. */
struct svg_shown {
    int connection;
    enum tcp_state of[HOSTS];
};

struct svg_view {
    FILE *out;
    struct svg_item *items; /* in the order of the events */
    size_t count, room;
    int row;            /* the last one, -1 = none ... */
    unsigned taken;     /* ... its places that are taken: bits of enum svg_place, */
    unsigned closed;    /* those that must stay free, */
    unsigned states;    /* and where a state stands */
    long long left_out; /* events that came when the figure was full */
    bool full;          /* SVG_ITEMS_MAX, or memory, is used up */
    int connections;    /* the highest number */
    struct svg_shown shown[SVG_CONNECTIONS];
    bool listens[HOSTS]; /* LISTEN was shown */
    char title[SVG_TEXT_SIZE];
    char command[HOSTS][SVG_TEXT_SIZE]; /* the first one on each host stands at the top */
    char address[HOSTS][INET6_ADDRSTRLEN];
};

/* Opens (and empties) the file `path`, "-" for standard output. Returns 0, or -1 with errno. */
int view_svg_open(struct svg_view *view, const char *path);

/* The view (view_fn); context is the struct svg_view. It only remembers: nothing can be drawn before all is known. */
void view_svg(void *context, const struct event *event);

/* Draws the figure, frees everything. Returns 0, or -1 with errno where it could not be written. */
int view_svg_close(struct svg_view *view);

#endif
