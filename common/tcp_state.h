/* tcp_state.h: the eleven states of TCP (RFC 9293, section 3.3.2) and what they are called where. */
#ifndef NETSTEP_TCP_STATE_H
#define NETSTEP_TCP_STATE_H

/* The numbers are Linux's own (include/net/tcp_states.h): they stand in /proc/net/tcp and in sock_diag. */
enum tcp_state {
    STATE_NONE = 0, /* no such state: nothing was found */
    STATE_ESTABLISHED = 1,
    STATE_SYN_SENT,
    STATE_SYN_RECV,
    STATE_FIN_WAIT1,
    STATE_FIN_WAIT2,
    STATE_TIME_WAIT,
    STATE_CLOSED,
    STATE_CLOSE_WAIT,
    STATE_LAST_ACK,
    STATE_LISTEN,
    STATE_CLOSING,
    STATE_COUNT
};

/* The name as Linux' netstat prints it: "SYN_RECV", "FIN_WAIT1". "CLOSED" has no row there. */
const char *state_name(enum tcp_state state);

/* The name as RFC 9293 prints it: "SYN-RECEIVED", "FIN-WAIT-1". */
const char *state_rfc_name(enum tcp_state state);

/* The name as BSD's and macOS' netstat prints it: "SYN_RCVD", "FIN_WAIT_1". */
const char *state_bsd_name(enum tcp_state state);

/* The state that `text` names in any of the three spellings, in capitals or not, with - or _;
 * STATE_NONE if it names none. */
enum tcp_state state_from_name(const char *text);

#endif
