/* transitions.h: the arrows of the TCP state diagram (RFC 9293, section 3.3.2, figure 5). */
#ifndef NETSTEP_TRANSITIONS_H
#define NETSTEP_TRANSITIONS_H

#include "common/tcp_state.h"

#include <stddef.h>

struct transition {
    enum tcp_state from, to;
    const char *event;  /* what brings it about, in the RFC's words: "rcv FIN", "CLOSE" */
    const char *action; /* what TCP does: "snd ACK"; "" for the RFC's x, nothing */
};

/* The figure's 20 arrows, and after them its note 2: FIN-WAIT-1 -> TIME-WAIT. */
enum { FIGURE_ARROWS = 20, TRANSITION_COUNT = 21 };
extern const struct transition transitions[TRANSITION_COUNT];

/* The arrow from one state to another, or NULL if there is none. */
const struct transition *transition_between(enum tcp_state from, enum tcp_state to);

/* The fewest arrows that lead from one state to another, for when the kernel was faster than we looked: writes the
 * states between the two into `between`, returns how many there are; 0 if an arrow leads there directly, -1 if none
 * does. Between are only states of an ordinary connection, where that is possible: nobody is said to have opened
 * simultaneously, or to have closed before ESTABLISHED, who was not seen to. */
int transition_path(enum tcp_state from, enum tcp_state to, enum tcp_state between[STATE_COUNT]);

#endif
