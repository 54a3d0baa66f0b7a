/* probe.h: the numbered datagrams of --count: what stands in their payload.
 *
 *      0               4               8                              16
 *     +---------------+---------------+------------------------------+-------- ...
 *     |  "nstp"       |  number       |  when it was sent, µs        |  a pattern
 *     +---------------+---------------+------------------------------+-------- ...
 *
 * Numbers in network byte order. What comes back is a stranger's until it is byte for byte what was sent.
 */
#ifndef UDP_ECHO_PROBE_H
#define UDP_ECHO_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SMALLEST_PROBE = 16, USUAL_PROBE = 64, MOST_PROBES = 1000000 };

/* Writes the payload of probe `number` into `bytes`; `size` is at least SMALLEST_PROBE. */
void make_probe(unsigned char *bytes, size_t size, uint32_t number, uint64_t sent_us);

/* Whether `length` bytes that came can be a probe of `size` bytes; if so, its number. Nothing is known yet about
 * whether that number was ever sent, nor about the rest of the payload. */
bool probe_number(const unsigned char *bytes, size_t length, size_t size, uint32_t *number);

#endif
