/* explain_text.h: the words of tcpstate explain. */
#ifndef TCPSTATE_EXPLAIN_TEXT_H
#define TCPSTATE_EXPLAIN_TEXT_H

#include "common/tcp_state.h"

struct explanation {
    const char *line;    /* the whole state in one line of at most 66 characters */
    const char *meaning; /* these: lines of at most 71 characters, continued with 9 blanks */
    const char *who;
    const char *ends;
    const char *look;
    const char *suspect;
    const char *lesson;
};

/* The eleven states in the order of a connection's life. */
extern const enum tcp_state states_in_order[11];

/* What there is to say of a state; never NULL for one of the eleven. */
const struct explanation *explanation_of(enum tcp_state state);

#endif
