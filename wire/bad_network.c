#include "bad_network.h"

/* How long a reordered frame waits beyond its time: so many others may go first. */
enum { REORDER_US = 150000 }; /* whoever sends more at once may be interrupted in the middle of it */

/* The next number of a sequence that its beginning determines (SplitMix64: Steele, Lea, Flood, 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

/* From 0 up to, not including, 1. */
static double fraction(uint64_t *state)
{
    return (double)(next_random(state) >> 11) / 9007199254740992.0; /* 2 to the power of 53 */
}

void bad_network_begin(struct bad_network *network)
{
    for (int host = 0; host < HOSTS; host++) {
        network->random[host] = network->seed * HOSTS + (uint64_t)host;
        network->free_at_us[host] = network->last_due_us[host] = 0;
    }
}

/* How long it is on its way. */
static long long travel_us(const struct bad_network *network, double chance)
{
    long long travel = network->delay_us + (long long)((2 * chance - 1) * (double)network->jitter_us);
    return travel > 0 ? travel : 0;
}

struct fate bad_network_decide(struct bad_network *network, enum host_id from, size_t length, long long now_us)
{
    uint64_t *random = &network->random[from];
    /* Always as many numbers a frame: what one frame meets does not depend on which options are set. */
    double loss = fraction(random), duplicate = fraction(random), reorder = fraction(random);
    double first = fraction(random), second = fraction(random);
    struct fate fate = {.lost = loss * 100 < network->loss_percent,
                        .duplicated = duplicate * 100 < network->duplicate_percent,
                        .reordered = reorder * 100 < network->reorder_percent};
    long long sent = now_us;
    if (network->rate_bits > 0) {
        if (network->free_at_us[from] < now_us)
            network->free_at_us[from] = now_us;
        network->free_at_us[from] += (long long)length * 8 * 1000000 / network->rate_bits;
        sent = network->free_at_us[from];
    }
    fate.due_us = sent + travel_us(network, first);
    fate.second_due_us = sent + travel_us(network, second);
    if (fate.reordered) {
        fate.due_us += REORDER_US;
    } else if (!fate.lost) { /* jitter alone changes times, not the order */
        if (fate.due_us < network->last_due_us[from])
            fate.due_us = network->last_due_us[from];
        network->last_due_us[from] = fate.due_us;
    }
    if (fate.second_due_us < fate.due_us)
        fate.second_due_us = fate.due_us;
    return fate;
}
