/* rtnetlink.h: what `ip link`, `ip address`, `ip route` and `ip neighbour` do, by rtnetlink(7). Linux only.
 *
 * Each call is one message to the kernel and its answer. Each returns 0, or -1 with errno.
 */
#ifndef WIRE_RTNETLINK_H
#define WIRE_RTNETLINK_H

#include <stdbool.h>
#include <stdint.h>

/* Opens a netlink socket in the network namespace that we are in. Returns its descriptor or -1. */
int rt_open(void);

/* Makes a virtual cable: `name` here, and `peer` with that hardware address in the namespace of the descriptor
 * `peer_namespace` (veth(4)). */
int rt_add_cable(int netlink_fd, const char *name, const char *peer, const uint8_t peer_address[6], int peer_namespace);

/* Brings an interface up (by its index, if_nametoindex(3)). */
int rt_set_up(int netlink_fd, int index);

/* An address of `family`, in network byte order, without a route of its own. */
int rt_add_address(int netlink_fd, int index, int family, const uint8_t *address, int prefix_length);

/* A route to the hosts of that prefix on the interface itself. With `quick_ack` each segment is acknowledged at once
 * (RTAX_QUICKACK); `rto_min_ms`: no repeat of data before that (RTAX_RTO_MIN), 0 = the kernel's own. */
int rt_add_route(int netlink_fd, int index, int family, const uint8_t *prefix, int prefix_length, bool quick_ack,
                 uint32_t rto_min_ms);

/* The hardware address of a neighbour, never to be asked for. */
int rt_add_neighbour(int netlink_fd, int index, int family, const uint8_t *address, const uint8_t hardware[6]);

#endif
