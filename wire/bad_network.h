/* bad_network.h: what a bad network does to a frame: loss, delay, duplicates, another order, a narrow pipe.
 *
 * All of it is decided by a seed: the n-th frame of a host meets the same fate in each run with the same seed.
 */
#ifndef WIRE_BAD_NETWORK_H
#define WIRE_BAD_NETWORK_H

#include "event.h"

#include <stdbool.h>
#include <stdint.h>

struct bad_network {
    bool on;
    long long delay_us, jitter_us; /* on the way: delay, more or less by up to jitter */
    double loss_percent, duplicate_percent, reorder_percent;
    long long rate_bits; /* per second in each direction; 0 = no limit */
    uint64_t seed;
    uint64_t random[HOSTS];       /* the state of each direction's sequence of decisions */
    long long free_at_us[HOSTS];  /* when the narrow pipe has sent what is in it */
    long long last_due_us[HOSTS]; /* when the frame before arrives: without reordering none overtakes it */
};

struct fate {
    bool lost;
    bool duplicated;
    bool reordered;   /* it waits until later frames have gone */
    long long due_us; /* when it arrives, and the second of a duplicate */
    long long second_due_us;
};

/* Begins anew with the seed. */
void bad_network_begin(struct bad_network *network);

/* Decides what happens to a frame of `length` bytes that `from` sends at `now_us`. */
struct fate bad_network_decide(struct bad_network *network, enum host_id from, size_t length, long long now_us);

#endif
