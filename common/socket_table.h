/* socket_table.h: the kernel's own list of TCP sockets, the list that netstat prints.
 *
 * Two sources give the same rows. sock_diag (Linux, sock_diag(7)) filters inside the kernel and is fast;
 * /proc/net/tcp and /proc/net/tcp6 (proc_net(5)) are read where sock_diag is not to be had.
 */
#ifndef NETSTEP_SOCKET_TABLE_H
#define NETSTEP_SOCKET_TABLE_H

#include "tcp_state.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct endpoint {
    uint8_t address[16]; /* network byte order; IPv4 uses the first four bytes */
    uint16_t port;       /* host byte order; 0 is netstat's * */
};

enum timer_kind { TIMER_OFF, TIMER_ON, TIMER_KEEPALIVE, TIMER_TIMEWAIT, TIMER_PROBE };

/* One row of netstat. */
struct socket_row {
    int family; /* AF_INET (netstat: tcp) or AF_INET6 (tcp6) */
    enum tcp_state state;
    struct endpoint local, remote;
    uint32_t recv_queue; /* bytes not yet read; on LISTEN: connections that wait for accept */
    uint32_t send_queue; /* bytes not yet acknowledged */
    uint32_t backlog;    /* LISTEN: how many may wait; 0 where the source does not say */
    enum timer_kind timer;
    uint32_t timer_ms;    /* until the timer fires */
    uint32_t retransmits; /* of what is outstanding now */
    uint32_t probes;      /* zero-window or keepalive probes that were not answered */
    uint32_t uid;
    uint64_t inode; /* 0 when no process owns it any more (TIME_WAIT, SYN_RECV) */
};

/* Which rows are wanted; all zero means every TCP socket. */
struct socket_filter {
    uint32_t states;      /* bit 1 << state for each state wanted; 0 = all */
    uint16_t port;        /* at either end; 0 = any */
    uint16_t local_port;  /* 0 = any */
    uint16_t remote_port; /* 0 = any */
    int family;           /* AF_INET, AF_INET6, or 0 = both */
};

enum socket_source { SOURCE_DIAG, SOURCE_PROC };

/* An open reader. It may be used again and again; a reader shows the network namespace it was opened in. */
struct socket_table {
    enum socket_source source;
    int netlink_fd; /* -1 with SOURCE_PROC */
};

/* Called once a row; a return value other than 0 ends the reading. The row is gone after the call. */
typedef int socket_row_fn(const struct socket_row *row, void *context);

/* Opens a reader: sock_diag if the kernel offers it, otherwise /proc.
 * Returns 0, or -1 with errno when the kernel shows neither. */
int socket_table_open(struct socket_table *table);

/* The same, from one source only. */
int socket_table_open_source(struct socket_table *table, enum socket_source source);

/* Calls `fn` for every row that `filter` wants. Returns what `fn` returned last, or -1 with errno. */
int socket_table_read(struct socket_table *table, const struct socket_filter *filter, socket_row_fn *fn, void *context);

/* The row of exactly this connection, or of the listening socket when `remote` is NULL.
 * Returns 1 and *row, 0 when the kernel shows no such row, or -1 with errno. */
int socket_table_find(struct socket_table *table, const struct sockaddr *local, const struct sockaddr *remote,
                      struct socket_row *row);

void socket_table_close(struct socket_table *table);

/* Whether `row` is one that `filter` wants. */
bool socket_filter_wants(const struct socket_filter *filter, const struct socket_row *row);

#endif
