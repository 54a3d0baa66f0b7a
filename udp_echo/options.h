/* options.h: what can be asked of udp_echo on its command line. */
#ifndef UDP_ECHO_OPTIONS_H
#define UDP_ECHO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The longest payload: IPv6 has 8 bytes of UDP header in 65,535; IPv4 also has its own 20 in it (RFC 768, RFC 8200). */
enum { LARGEST_IPV4 = 65507, LARGEST_IPV6 = 65527, BUFFER_SIZE = 65536 };

struct echo_options {
    bool server;      /* -l */
    const char *host; /* the server's HOST; for the server itself the address of -b */
    uint16_t port;    /* the server's port; 0 with -l = any free port */
    bool step;        /* --step, Enter before each call */
    bool quiet;       /* --quiet, no narration */

    int buffer;              /* --buffer, bytes for one datagram */
    int rate;                /* --rate, answers to one address in a second; 0 = no limit */
    long long max_datagrams; /* --max, end after so many; 0 = no end */

    const char *message; /* MESSAGE; NULL with --count */
    uint16_t local_port; /* --local; 0 = one that the kernel chooses */
    int timeout_ms;      /* --timeout, for the answer to each try */
    int tries;           /* --tries */
    int count;           /* --count, how many numbered datagrams; 0 = MESSAGE is sent */
    int interval_ms;     /* --interval between them */
    int size;            /* --size, bytes of payload in each */
    bool json;           /* --json, the summary as one JSON object */
};

/* Fills `options`. Returns -1 to go on, or the exit status: of --help and --version, or of a wrong argument, which
 * has been reported. */
int parse_options(int argc, char **argv, struct echo_options *options);

#endif
