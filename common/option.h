/* option.h: values of command-line options, each wrong one reported with its option's name. */
#ifndef NETSTEP_OPTION_H
#define NETSTEP_OPTION_H

#include <stdbool.h>
#include <stdint.h>

/* Each reads `text`, the argument of the option or operand `name` ("--backlog", "port"), into *value.
 * Returns true, or false after one line on stderr. */
bool option_int(const char *name, const char *text, int min, int max, int *value);
bool option_count(const char *name, const char *text, long long min, long long max, long long *value);
bool option_port(const char *name, const char *text, uint16_t *value);
bool option_seconds(const char *name, const char *text, int *milliseconds);

#endif
