#include "common/tcp_state.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>

struct names {
    const char *netstat, *rfc, *bsd;
};

static const struct names names[STATE_COUNT] = {
    [STATE_NONE] = {"NONE", "NONE", "NONE"},
    [STATE_ESTABLISHED] = {"ESTABLISHED", "ESTABLISHED", "ESTABLISHED"},
    [STATE_SYN_SENT] = {"SYN_SENT", "SYN-SENT", "SYN_SENT"},
    [STATE_SYN_RECV] = {"SYN_RECV", "SYN-RECEIVED", "SYN_RCVD"},
    [STATE_FIN_WAIT1] = {"FIN_WAIT1", "FIN-WAIT-1", "FIN_WAIT_1"},
    [STATE_FIN_WAIT2] = {"FIN_WAIT2", "FIN-WAIT-2", "FIN_WAIT_2"},
    [STATE_TIME_WAIT] = {"TIME_WAIT", "TIME-WAIT", "TIME_WAIT"},
    [STATE_CLOSED] = {"CLOSED", "CLOSED", "CLOSED"},
    [STATE_CLOSE_WAIT] = {"CLOSE_WAIT", "CLOSE-WAIT", "CLOSE_WAIT"},
    [STATE_LAST_ACK] = {"LAST_ACK", "LAST-ACK", "LAST_ACK"},
    [STATE_LISTEN] = {"LISTEN", "LISTEN", "LISTEN"},
    [STATE_CLOSING] = {"CLOSING", "CLOSING", "CLOSING"},
};

static const struct names *names_of(enum tcp_state state)
{
    return &names[state > STATE_NONE && state < STATE_COUNT ? state : STATE_NONE];
}

const char *state_name(enum tcp_state state)
{
    return names_of(state)->netstat;
}

const char *state_rfc_name(enum tcp_state state)
{
    return names_of(state)->rfc;
}

const char *state_bsd_name(enum tcp_state state)
{
    return names_of(state)->bsd;
}

/* "fin-wait-1" is "FIN_WAIT1" is "FIN_WAIT_1": capitals, - and _ make no difference. */
static bool same_name(const char *a, const char *b)
{
    for (;;) {
        while (*a == '-' || *a == '_')
            a++;
        while (*b == '-' || *b == '_')
            b++;
        if (toupper((unsigned char)*a) != toupper((unsigned char)*b))
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

enum tcp_state state_from_name(const char *text)
{
    for (int state = STATE_NONE + 1; state < STATE_COUNT; state++)
        if (same_name(text, names[state].netstat) || same_name(text, names[state].rfc) ||
            same_name(text, names[state].bsd))
            return (enum tcp_state)state;
    return STATE_NONE;
}
