/* transition_text.h: a change of state in RFC 9293's words. */
#ifndef NETSTEP_TRANSITION_TEXT_H
#define NETSTEP_TRANSITION_TEXT_H

#include "common/tcp_state.h"

enum { TRANSITION_TEXT_SIZE = 160 };

/* Writes what the change means into `text` and returns it: "rcv FIN / snd ACK" for an arrow of figure 5;
 * "by way of SYN-SENT (inferred)" when the kernel was faster than we looked; "" when nothing is known of it. */
const char *transition_text(enum tcp_state from, enum tcp_state to, char text[TRANSITION_TEXT_SIZE]);

#endif
