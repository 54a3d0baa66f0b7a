/* script_run.h: playing a .wire file. */
#ifndef WIRE_SCRIPT_RUN_H
#define WIRE_SCRIPT_RUN_H

#include "core.h"
#include "script.h"

/* How the script wants its hosts. */
struct hosts_options script_hosts(const struct script *script);

/* Its title, "" if it has none. */
const char *script_title(const struct script *script);

/* Does what the script says, line by line, on hosts that stand; `pace_ms` before each decision about a packet, so that
 * people can follow (0: at once). The first line that does not come true ends it, with
 * an event that tells which, and what was there instead. Returns the exit status. */
int script_run(struct wire *wire, const struct script *script, int pace_ms);

#endif
