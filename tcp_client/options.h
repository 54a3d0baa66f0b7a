/* options.h: what can be asked of tcp_client on its command line. */
#ifndef TCP_CLIENT_OPTIONS_H
#define TCP_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct client_options {
    const char *host;
    uint16_t port;
    const char *message; /* what to send; NULL = standard input */
    long long source;    /* --source, send so many bytes as fast as they go; -1 = no */
    uint16_t local_port; /* --local, our own port; 0 = the kernel's choice */
    long long isn;       /* --isn, the sequence number of our SYN; 0 = the kernel's choice */
    int timeout_ms;      /* --timeout, how long connect, or standing still, may take; -1 = for ever */
    int hold_ms;         /* --hold, between the last byte and our FIN */
    int count;           /* --count, how many connections */
    int receive_buffer;  /* --rcvbuf, bytes for SO_RCVBUF; 0 = the system's choice */
    int send_buffer;     /* --sndbuf, bytes for SO_SNDBUF; 0 = the system's choice */
    bool no_half_close;  /* --no-half-close, no FIN before all has come back */
    bool reset;          /* --reset, end with RST */
    bool step;           /* --step, Enter before each call */
    bool quiet;          /* --quiet, no narration */
};

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. */
int parse_options(int argc, char **argv, struct client_options *options);

#endif
