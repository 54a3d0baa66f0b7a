/* asleep.h: whether programs have come so far that they wait for something. */
#ifndef WIRE_ASLEEP_H
#define WIRE_ASLEEP_H

#include <stdbool.h>
#include <sys/types.h>

/* The threads of a session at one look. */
struct session_look {
    int threads;
    bool asleep;    /* each of them waits for something that happens (a connection, input, a time), or is stopped */
    long long runs; /* how often they have been given a processor and left it, together */
};

/* Whether the session sleeps, and has slept since the look before (`last`; {0} at first), which becomes this one: all
 * that its programs do by themselves they have done. One look would not tell: while the one is looked at another one
 * may end, and wake it. Where /proc can't be read: true. */
bool session_is_asleep(pid_t session, struct session_look *last);

#endif
