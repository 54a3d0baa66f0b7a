/* no_hosts.h: why there can be no hosts on this machine. */
#ifndef WIRE_NO_HOSTS_H
#define WIRE_NO_HOSTS_H

/* By `what` failed and errno: one line with the reason and what would help. Returns -1. */
int no_hosts(const char *what);

#endif
