/* rtnetlink.c: messages made of attributes, one behind the other, some within others (netlink(7), rtnetlink(7)). */
#define _GNU_SOURCE
#include "rtnetlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A message while it is written. All of ours fit with room to spare. */
struct message {
    struct nlmsghdr header;
    char body[512];
};

int rt_open(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static void begin(struct message *message, int type, int flags, const void *fixed, size_t size)
{
    memset(message, 0, sizeof *message);
    message->header = (struct nlmsghdr){.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
                                        .nlmsg_type = (uint16_t)type,
                                        .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags)};
    memcpy(message->body, fixed, size);
}

/* Where the next attribute goes. */
static struct rtattr *end_of(struct message *message)
{
    return (struct rtattr *)(void *)((char *)message + NLMSG_ALIGN(message->header.nlmsg_len));
}

static void add(struct message *message, int type, const void *value, size_t size)
{
    struct rtattr *attribute = end_of(message);
    attribute->rta_type = (uint16_t)type;
    attribute->rta_len = (uint16_t)RTA_LENGTH(size);
    if (size > 0)
        memcpy(RTA_DATA(attribute), value, size);
    message->header.nlmsg_len = (uint32_t)(NLMSG_ALIGN(message->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len));
}

static void add_text(struct message *message, int type, const char *text)
{
    add(message, type, text, strlen(text) + 1);
}

static void add_number(struct message *message, int type, uint32_t number)
{
    add(message, type, &number, sizeof number);
}

/* An attribute that holds others: what is added until close_nest() is within it. */
static struct rtattr *open_nest(struct message *message, int type)
{
    struct rtattr *nest = end_of(message);
    add(message, type, NULL, 0);
    return nest;
}

static void close_nest(const struct message *message, struct rtattr *nest)
{
    nest->rta_len = (uint16_t)((const char *)message + message->header.nlmsg_len - (const char *)nest);
}

/* Sends the message and reads the kernel's answer, which is an error number, 0 for none. */
static int ask(int netlink_fd, const struct message *message)
{
    union {
        struct nlmsghdr header;
        char bytes[1024];
    } answer;
    if (send(netlink_fd, message, message->header.nlmsg_len, 0) == -1)
        return -1;
    ssize_t got = recv(netlink_fd, &answer, sizeof answer, 0);
    if (got == -1)
        return -1;
    const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
    if ((size_t)got < NLMSG_LENGTH(sizeof *error) || answer.header.nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    errno = -error->error;
    return error->error == 0 ? 0 : -1;
}

int rt_add_cable(int netlink_fd, const char *name, const char *peer, const uint8_t peer_address[6], int peer_namespace)
{
    struct message message;
    struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
    begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    add_text(&message, IFLA_IFNAME, name);
    struct rtattr *info = open_nest(&message, IFLA_LINKINFO);
    add_text(&message, IFLA_INFO_KIND, "veth");
    struct rtattr *data = open_nest(&message, IFLA_INFO_DATA);
    struct rtattr *other = open_nest(&message, VETH_INFO_PEER);
    memcpy(end_of(&message), &link, sizeof link); /* the peer's own fixed part, then its attributes */
    message.header.nlmsg_len += (uint32_t)NLMSG_ALIGN(sizeof link);
    add_text(&message, IFLA_IFNAME, peer);
    add(&message, IFLA_ADDRESS, peer_address, 6);
    add_number(&message, IFLA_NET_NS_FD, (uint32_t)peer_namespace);
    close_nest(&message, other);
    close_nest(&message, data);
    close_nest(&message, info);
    return ask(netlink_fd, &message);
}

int rt_set_up(int netlink_fd, int index)
{
    struct message message;
    struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    begin(&message, RTM_NEWLINK, 0, &link, sizeof link);
    return ask(netlink_fd, &message);
}

static size_t address_size(int family)
{
    return family == AF_INET ? 4 : 16;
}

int rt_add_address(int netlink_fd, int index, int family, const uint8_t *address, int prefix_length)
{
    struct message message;
    struct ifaddrmsg fixed = {
        .ifa_family = (uint8_t)family, .ifa_prefixlen = (uint8_t)prefix_length, .ifa_index = (uint32_t)index};
    begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof fixed);
    add(&message, IFA_LOCAL, address, address_size(family));
    add(&message, IFA_ADDRESS, address, address_size(family));
    add_number(&message, IFA_FLAGS, IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_PERMANENT);
    return ask(netlink_fd, &message);
}

int rt_add_route(int netlink_fd, int index, int family, const uint8_t *prefix, int prefix_length, bool quick_ack,
                 uint32_t rto_min_ms)
{
    struct message message;
    struct rtmsg fixed = {.rtm_family = (uint8_t)family,
                          .rtm_dst_len = (uint8_t)prefix_length,
                          .rtm_table = RT_TABLE_MAIN,
                          .rtm_protocol = RTPROT_STATIC,
                          .rtm_scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                          .rtm_type = RTN_UNICAST};
    begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &fixed, sizeof fixed);
    add(&message, RTA_DST, prefix, address_size(family));
    add_number(&message, RTA_OIF, (uint32_t)index);
    if (quick_ack || rto_min_ms > 0) {
        struct rtattr *metrics = open_nest(&message, RTA_METRICS);
        if (quick_ack)
            add_number(&message, RTAX_QUICKACK, 1);
        if (rto_min_ms > 0) { /* which counts only if it is locked */
            add_number(&message, RTAX_RTO_MIN, rto_min_ms);
            add_number(&message, RTAX_LOCK, 1u << RTAX_RTO_MIN);
        }
        close_nest(&message, metrics);
    }
    return ask(netlink_fd, &message);
}

int rt_add_neighbour(int netlink_fd, int index, int family, const uint8_t *address, const uint8_t hardware[6])
{
    struct message message;
    struct ndmsg fixed = {.ndm_family = (uint8_t)family, .ndm_ifindex = index, .ndm_state = NUD_PERMANENT};
    begin(&message, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &fixed, sizeof fixed);
    add(&message, NDA_DST, address, address_size(family));
    add(&message, NDA_LLADDR, hardware, 6);
    return ask(netlink_fd, &message);
}
