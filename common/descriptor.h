/* descriptor.h: what every program of ours sees to before and after it opens a descriptor. */
#ifndef NETSTEP_DESCRIPTOR_H
#define NETSTEP_DESCRIPTOR_H

/* Opens /dev/null for each of stdin, stdout and stderr that whoever started us has closed: otherwise the next socket
 * would get that number, and what we print would be sent to the other side. Call it first in main. */
void keep_standard_descriptors(void);

/* Makes `fd` non-blocking (we wait in await(), where a signal can end us, never inside a call) and close-on-exec.
 * Returns 0, or -1 with errno. */
int set_descriptor_flags(int fd);

#endif
