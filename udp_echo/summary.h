/* summary.h: what became of the numbered datagrams: the books that are kept meanwhile, and the lines at the end. */
#ifndef UDP_ECHO_SUMMARY_H
#define UDP_ECHO_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally {
    int count;              /* as many probes as there is room for */
    long long *sent_us;     /* by number: now_us() at which it was sent */
    long long *round_trips; /* by number: µs; -1 = not come back */
    int sent;               /* numbers 0 to sent - 1 are out */
    int received;           /* how many of them came back at least once */
    int out_of_order;       /* came after one with a higher number (RFC 4737) */
    long long duplicated;   /* came once more */
    long long strange;      /* too short, changed, or never sent */
    int highest;            /* the highest number that came; -1 = none */
};

/* Empty books for `count` probes: 16 bytes for each. Returns 0, or -1 with errno. */
int tally_open(struct tally *tally, int count);
void tally_close(struct tally *tally);

/* Probe `number`, which was sent, has come at `now`. Returns its round trip in µs, or -1 if it had come before. */
long long tally_received(struct tally *tally, uint32_t number, long long now);

/* Writes the summary to stdout, in words or as one JSON object. Returns 0, or -1 with errno.
 * `server` is the address that was asked, `size` the bytes in each probe. Sorts the round trips: call it last. */
int tally_print(struct tally *tally, const char *server, int size, bool json);

#endif
