/* quiz_rules.h: what RFC 9293 says about a segment that arrives: for the explanation of an answer, and to find choices
 * that are worth thinking about. What did happen is never taken from here: the kernel tells that.
 */
#ifndef WIRE_QUIZ_RULES_H
#define WIRE_QUIZ_RULES_H

#include "common/tcp_state.h"

/* What matters in a segment to the state of the end where it arrives. */
enum segment_kind {
    SEGMENT_SYN = 1,
    SEGMENT_SYN_ACK = 2,
    SEGMENT_RST = 4,
    SEGMENT_FIN = 8,          /* it does not acknowledge the receiver's own FIN */
    SEGMENT_FIN_AND_ACK = 16, /* it does */
    SEGMENT_ACK_OF_FIN = 32,  /* no FIN of its own */
    SEGMENT_ACK = 64,         /* of anything else, no data */
    SEGMENT_DATA = 128,
};

struct quiz_rule {
    enum tcp_state before, after;
    unsigned kinds;      /* of segments: enum segment_kind, added */
    const char *section; /* "3.10.7.4, eighth" */
    const char *text;
};

/* The rule by which a segment leads from one state to the other, or NULL if none here does. */
const struct quiz_rule *quiz_rule_of(enum tcp_state before, enum segment_kind kind, enum tcp_state after);

/* The state to which it leads if it is accepted: `before` if no rule is known. */
enum tcp_state quiz_rule_expects(enum tcp_state before, enum segment_kind kind);

/* Fills in `count` different states to choose from, `before` and the expected one among them, in the order of a
 * connection's life. */
void quiz_rule_choices(enum tcp_state before, enum segment_kind kind, enum tcp_state *choices, int count);

#endif
