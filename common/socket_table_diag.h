/* socket_table_diag.h: the rows by netlink's sock_diag(7). Linux only; used by socket_table.c alone. */
#ifndef NETSTEP_SOCKET_TABLE_DIAG_H
#define NETSTEP_SOCKET_TABLE_DIAG_H

#include "common/socket_table.h"

/* Opens a netlink socket and asks it one question, to see whether the kernel answers. Returns its descriptor or -1. */
int diag_open(void);

/* As socket_table_read, for one family (AF_INET or AF_INET6), or for both in one walk (AF_UNSPEC), rows then mixed. */
int diag_read(int netlink_fd, int family, const struct socket_filter *filter, socket_row_fn *fn, void *context);

/* As socket_table_find; local and remote are of one family. */
int diag_find(int netlink_fd, const struct sockaddr *local, const struct sockaddr *remote, struct socket_row *row);

#endif
