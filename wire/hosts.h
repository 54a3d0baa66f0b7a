/* hosts.h: two hosts on this machine, client and server, each a network of its own (network_namespaces(7)), and between
 * them nothing but us. No root is needed where the kernel lets users have namespaces of their own (user_namespaces(7)).
 *
 *      client 10.0.0.1, fd00::1                               server 10.0.0.2, fd00::2
 *      eth0 ═══════ cable ═══════ socket  [us]  socket ═══════ cable ═══════ eth0
 *
 * What a host sends is read from our socket on its cable. Writing it to the other socket delivers it; there is no other
 * way from one host to the other. The namespaces live as long as somebody is in them or holds a descriptor: when we
 * end, however that happens, the kernel ends every process on the hosts and takes everything away.
 */
#ifndef WIRE_HOSTS_H
#define WIRE_HOSTS_H

#include "common/socket_table.h"
#include "event.h"
#include "placing.h"

#include <stdbool.h>
#include <sys/types.h>

struct host {
    int network;               /* its network namespace */
    int cable;                 /* our socket at the other end of its cable; reads never block */
    struct socket_table table; /* the list of its sockets */
};

struct hosts {
    struct host of[HOSTS];
    int network;     /* our own namespace between them */
    int users, pids; /* the namespaces that the hosts share: users is -1 where we are root and need none */
    int life;        /* the hosts' processes live as long as this pipe is open */
    struct placing placing;
    pid_t first_process; /* what waits at the pipe's other end; when it ends the kernel ends all of them */
};

/* When a kernel repeats what was not acknowledged. */
enum timers {
    TIMERS_KERNEL, /* as it likes: after some 0.2 s */
    TIMERS_STILL,  /* nothing is repeated while people think: after a minute */
    TIMERS_SLOW    /* after a second: repeats can be awaited, and a busy machine does not bring about others */
};

struct hosts_options {
    enum timers timers;
    bool together;  /* programs run on the wire's processor, and never while it looks (placing.h) */
    bool quick_ack; /* acknowledge at once: an ACK that waits for company would be 40 ms late */
};

/* Makes both hosts. Returns 0; or -1 after one line that says why it can't be had here, and what would help. */
int hosts_open(struct hosts *hosts, const struct hosts_options *options);

/* Ends what runs on the hosts, and takes them away. All our children are waited for: we have none but those there. */
void hosts_close(struct hosts *hosts);

/* The hosts' addresses as people type them: IPv4 or IPv6 (`family`). */
const char *host_address(enum host_id host, int family);

/* Whether a program on the host waits for datagrams (UDP, IPv4 or IPv6). */
bool host_awaits_datagrams(const struct hosts *hosts, enum host_id host);

/* Sets a sysctl of a host, "net.ipv4.tcp_retries2" or with slashes. Returns 0, or -1 with errno. */
int host_set(const struct hosts *hosts, enum host_id host, const char *name, const char *value);

#endif
