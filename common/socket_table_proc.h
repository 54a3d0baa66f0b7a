/* socket_table_proc.h: the rows by /proc/net/tcp and /proc/net/tcp6; used by socket_table.c alone. */
#ifndef NETSTEP_SOCKET_TABLE_PROC_H
#define NETSTEP_SOCKET_TABLE_PROC_H

#include "common/socket_table.h"

#include <stddef.h>

/* As socket_table_read, for one family (AF_INET or AF_INET6). A family that the kernel lacks has no rows. */
int proc_read(int family, const struct socket_filter *filter, socket_row_fn *fn, void *context);

/* Takes one line of /proc/net/tcp or tcp6 apart. Returns whether it was a row. */
bool proc_parse_line(const char *line, int family, struct socket_row *row);

#endif
