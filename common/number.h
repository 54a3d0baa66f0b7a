/* number.h: numbers that people type, each checked against its range. */
#ifndef NETSTEP_NUMBER_H
#define NETSTEP_NUMBER_H

#include <stdint.h>

/* Reads `text` as a decimal number from `min` to `max` into *value.
 * Returns NULL, or a reason that completes the sentence "port 0x50: ...". */
const char *parse_number(const char *text, long long min, long long max, long long *value);

/* A TCP or UDP port, 0 to 65535. Returns as parse_number does. */
const char *parse_port(const char *text, uint16_t *port);

/* Seconds, with a decimal point if wanted ("0.5"), at most a day. *ms gets milliseconds. Returns as above. */
const char *parse_seconds(const char *text, int *ms);

#endif
