/* options.h: what can be asked of tcp_server on its command line. */
#ifndef TCP_SERVER_OPTIONS_H
#define TCP_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct server_options {
    const char *bind_host; /* -b, where to listen */
    uint16_t port;         /* 0 = any free port */
    const char *model;     /* --model, how clients are served */
    int backlog;           /* --backlog, for listen(2) */
    int receive_buffer;    /* --rcvbuf, bytes for SO_RCVBUF; 0 = the system's choice */
    int send_buffer;       /* --sndbuf, bytes for SO_SNDBUF; 0 = the system's choice */
    int pause_accept_ms;   /* --pause-accept, before each accept */
    int pause_read_ms;     /* --pause-read, before each client's first read */
    int pause_close_ms;    /* --pause-close, between a client's end of file and our shutdown */
    int timeout_ms;        /* --timeout, how long a client may be silent; -1 = for ever */
    long long max_clients; /* --max, end after so many; 0 = no end */
    int workers;           /* --workers, threads of the pool */
    int queue;             /* --queue, requests that may wait for them */
    bool reject;           /* --when-full reject, instead of wait */
    bool sets_pool;        /* --when-full is given */
    bool close_first;      /* --close-first, be the active closer */
    bool reset;            /* --reset, end with RST */
    bool no_reuse;         /* --no-reuse, leave SO_REUSEADDR off */
    bool step;             /* --step, Enter before each call */
    bool quiet;            /* --quiet, only the line "listening on" */
};

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. */
int parse_options(int argc, char **argv, struct server_options *options);

#endif
