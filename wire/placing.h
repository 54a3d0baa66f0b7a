/* placing.h: which processor the wire and the programs on its hosts run on. */
#ifndef WIRE_PLACING_H
#define WIRE_PLACING_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROCESSOR_BITS = 1024 };

struct placing {
    bool together;                                                      /* programs run where the wire runs */
    unsigned long before[PROCESSOR_BITS / (8 * sizeof(unsigned long))]; /* where we could run before; 0 = not known */
};

/* Puts the wire on one processor: frames that one processor takes and another passes on may overtake each other.
 *
 * `together`: the programs run there too, and wait until the wire sleeps. So a program whose packet has just been
 * delivered does nothing before the wire has read which state that packet led to. */
void placing_wire(struct placing *placing, bool together);

/* Before a look that no program may come between: sleeps for a moment. Who has just slept is given a whole turn on its
 * processor, some milliseconds; who has used up most of one would be put behind a program that its packet wakes up. */
void placing_take_a_turn(void);

/* In the process that becomes a program on a host. */
void placing_program(const struct placing *placing);

/* The same where another process than the wire starts it. */
void placing_joiner(pid_t wire, bool together);

#endif
