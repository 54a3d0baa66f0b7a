/* rate.h: how many answers one address has had in this second.
 *
 * A datagram's sender is whoever it says: an echo server answers a forged address too, and two echo servers of which
 * one seems to have asked the other would answer each other for ever. A bound on the answers ends both.
 */
#ifndef UDP_ECHO_RATE_H
#define UDP_ECHO_RATE_H

#include <stdint.h>
#include <sys/socket.h>

/* How many addresses are counted at once, and how many places are looked at to find one. */
enum { SOURCES = 1024, PLACES = 8 };

struct source {
    uint8_t address[16];    /* without the port: a forger may choose any */
    int family;             /* 0: this place was never used */
    long long window_start; /* now_us() at which its second began */
    int answers;            /* those that were asked for since */
};

struct rate_table {
    int per_second; /* 0 = no limit */
    uint32_t seed;  /* so that nobody can choose addresses that share a place */
    struct source sources[SOURCES];
};

enum verdict { ANSWER, TOO_MANY, FIRST_TOO_MANY };

/* An empty table on the heap (free), or NULL with errno. */
struct rate_table *rate_open(int per_second);

/* Whether an answer may go to `peer` at `now` (now_us()). FIRST_TOO_MANY once a second: there is something to say. */
enum verdict rate_ask(struct rate_table *table, const struct sockaddr *peer, long long now);

#endif
