/* kept_events.h: what has happened, kept, so that the ladder can be drawn again: for another width of the terminal, and
 * once more at the end, where it stays readable. */
#ifndef WIRE_KEPT_EVENTS_H
#define WIRE_KEPT_EVENTS_H

#include "event.h"
#include "lines.h"
#include "row.h"
#include "view_ladder.h"

enum { EVENTS_KEPT = 4000 }; /* the last so many at least: a hundred times what a class looks at */

struct kept_events {
    struct event *events; /* ours, and so are their frames and texts */
    size_t count, room;
    long long forgotten; /* the earliest, when there were too many */
    struct lines rows;   /* the ladder as it is now */
    struct ladder_view ladder;
};

/* The view (view_fn); context is the struct kept_events. */
void kept_events_see(void *context, const struct event *event);

/* Makes the rows anew, in this style. They have no heading. */
void kept_events_lay_out(struct kept_events *kept, const struct row_style *style);

/* Prints the ladder with its heading on standard output. */
void kept_events_print(const struct kept_events *kept, const struct row_style *style);

void kept_events_free(struct kept_events *kept);

#endif
