/* options.h: what can be asked of tcp_pool on its command line. */
#ifndef TCP_POOL_OPTIONS_H
#define TCP_POOL_OPTIONS_H

#include "common/pool.h"

#include <stdbool.h>
#include <stdint.h>

struct pool_options {
    const char *host;
    uint16_t port;
    int max;               /* --max, connections at once at most */
    int idle_ms;           /* --idle, an idle connection older than that is made anew; 0 = never */
    int lifetime_ms;       /* --lifetime, the same for its age; 0 = no limit */
    int wait_ms;           /* --wait, how long a call may wait for a connection; -1 = for ever */
    int workers;           /* --workers, threads that make calls */
    long long calls;       /* --calls, of all workers together */
    int timeout_ms;        /* --timeout, of a connect and of an answer */
    int pause_ms;          /* --pause, of a worker after each call */
    enum pool_order order; /* --fifo, --lifo: which idle connection is taken */
    bool no_pool;          /* --no-pool, a connection for every call */
    bool naive;            /* --naive, hands out what it has without a look, and repeats nothing */
    bool step;             /* --step, Enter before each call */
    bool quiet;            /* --quiet, no line a call */
};

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. */
int parse_options(int argc, char **argv, struct pool_options *options);

#endif
