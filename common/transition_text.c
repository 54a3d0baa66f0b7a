#include "common/transition_text.h"

#include "common/transitions.h"

#include <stdio.h>
#include <string.h>

/* "FIN-WAIT-1, FIN-WAIT-2" */
static void list_states(const enum tcp_state *states, int count, char *text, size_t size)
{
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        size_t length = strlen(text);
        snprintf(text + length, size - length, "%s%s", i ? ", " : "", state_rfc_name(states[i]));
    }
}

const char *transition_text(enum tcp_state from, enum tcp_state to, char text[TRANSITION_TEXT_SIZE])
{
    const struct transition *arrow = transition_between(from, to);
    enum tcp_state between[STATE_COUNT];
    char names[100];
    if (arrow) {
        snprintf(text, TRANSITION_TEXT_SIZE, "%s%s%s", arrow->event, arrow->action[0] ? " / " : "", arrow->action);
        return text;
    }
    /* A connection's own row begins where LISTEN got the SYN, and at its client's end with SYN-SENT. */
    if (from == STATE_CLOSED && to == STATE_SYN_RECV)
        return strcpy(text, "rcv SYN / snd SYN,ACK; LISTEN stays");
    if (from == STATE_CLOSED && to == STATE_ESTABLISHED)
        return strcpy(text, "by way of SYN-SENT or SYN-RECEIVED (inferred)");
    if (from == STATE_SYN_RECV && to == STATE_CLOSED)
        return strcpy(text, "rcv RST, or no ACK came; LISTEN stays");
    /* A row that is new may be either end's: which way it was opened we have not seen. */
    const char *opening = from == STATE_CLOSED ? "SYN-SENT or SYN-RECEIVED, ESTABLISHED" : "";
    if (*opening)
        from = STATE_ESTABLISHED;
    int count = from == STATE_TIME_WAIT ? -1 : transition_path(from, to, between);
    if (count == -1)
        return strcpy(text, from == to ? "" : "a new connection between the same ports");
    list_states(between, count, names, sizeof names);
    if (to == STATE_CLOSED && from == STATE_CLOSE_WAIT)
        snprintf(text, TRANSITION_TEXT_SIZE, "by way of %s, or reset (inferred)", names);
    else if (to == STATE_CLOSED)
        strcpy(text, "reset, or faster than we looked (inferred)");
    else
        snprintf(text, TRANSITION_TEXT_SIZE, "by way of %s%s%s (inferred)", opening, *opening && *names ? ", " : "",
                 names);
    return text;
}
