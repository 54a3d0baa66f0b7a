/* view_coverage.h: which arrows of the state diagram both kernels were seen to take. */
#ifndef WIRE_VIEW_COVERAGE_H
#define WIRE_VIEW_COVERAGE_H

#include "common/transitions.h"
#include "event.h"

#include <stdbool.h>

/* LISTEN -> SYN-SENT has no call in the sockets API: the figure's other 19 arrows and its note 2 can be taken. */
enum { POSSIBLE_TRANSITIONS = TRANSITION_COUNT - 1 };

struct coverage {
    int seen[TRANSITION_COUNT];   /* as in common/transitions.h */
    int resets[TRANSITION_COUNT]; /* how many of those were brought about by a RST */
    bool states[STATE_COUNT];
    int reset[HOSTS]; /* the connection whose state on that host the last delivery, a RST, has changed; 0 = none */
};

/* The view (view_fn); context is the struct coverage, all zero at the beginning. */
void view_coverage(void *context, const struct event *event);

/* Adds one to another. */
void coverage_add(struct coverage *sum, const struct coverage *part);

/* Prints the diagram with what was seen, and each arrow; the last line is "N of 20 transitions". */
void coverage_print(const struct coverage *coverage, bool ascii, bool colour);

/* How many of the arrows that can be taken were seen. */
int coverage_count(const struct coverage *coverage);

#endif
