/* asleep.h: whether programs have come so far that they wait for something. */
#ifndef WIRE_ASLEEP_H
#define WIRE_ASLEEP_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether every thread of every process of a session waits for something that happens (a connection, input, a time),
 * or is stopped: what it does by itself it has done. Where /proc can't be read: true. */
bool session_is_asleep(pid_t session);

#endif
