/* nonblocking.h: the descriptor flags that every socket of ours has. */
#ifndef NETSTEP_NONBLOCKING_H
#define NETSTEP_NONBLOCKING_H

/* Makes `fd` non-blocking (we wait in await(), where a signal can end us, never inside a call) and close-on-exec.
 * Returns 0, or -1 with errno. */
int set_descriptor_flags(int fd);

#endif
