/* view_ladder.h: the ladder, line by line: for pipes, for scripts, and for what plays by itself. */
#ifndef WIRE_VIEW_LADDER_H
#define WIRE_VIEW_LADDER_H

#include "event.h"
#include "row.h"

struct ladder_view {
    int out; /* the descriptor to write to */
    struct row_style style;
    bool headed;
    int connection;          /* the one that the last row was about */
    struct state_pair shown; /* its states in that row */
    bool waits[HOSTS];       /* a change without a row as yet: the next packet's row may show it */
    bool failed;             /* something could not be written: nothing more is tried ... */
    int error;               /* ... and this is the reason, an errno */
    void (*line)(void *context, const char *text); /* gets each line (which may hold several) instead; NULL = written */
    void *line_context;
};

void view_ladder(void *context, const struct event *event);

#endif
