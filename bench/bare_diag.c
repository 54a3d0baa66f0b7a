/* bare_diag: how long the kernel itself takes to tell its sockets: sock_diag asked, answers dropped, nothing printed.
 *
 *     bare_diag            all states       bare_diag LISTEN      one state, by the kernel's mask
 *
 * The limit that `make bench` sets tcpstate against. On purpose without our own reader, whose cost it measures.
 */
#define _GNU_SOURCE
#include "common/report.h"
#include "common/tcp_state.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Reads answers until NLMSG_DONE; returns how many rows there were, -1 for an error. */
static long drain(int netlink_fd)
{
    static union {
        struct nlmsghdr aligned;
        char bytes[64 * 1024];
    } reply;
    long rows = 0;
    for (;;) {
        ssize_t got = recv(netlink_fd, &reply, sizeof reply, 0);
        if (got <= 0)
            return -1;
        unsigned left = (unsigned)got;
        for (const struct nlmsghdr *header = &reply.aligned; NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_type == NLMSG_DONE)
                return rows;
            if (header->nlmsg_type == NLMSG_ERROR)
                return -1;
            rows++;
        }
    }
}

static long ask(int netlink_fd, int family, uint32_t states)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 question;
    } request;
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.question.sdiag_family = (unsigned char)family;
    request.question.sdiag_protocol = IPPROTO_TCP;
    request.question.idiag_states = states;
    if (send(netlink_fd, &request, sizeof request, 0) == -1)
        return -1;
    return drain(netlink_fd);
}

int main(int argc, char **argv)
{
    report_as("bare_diag");
    uint32_t states = argc > 1 ? 1u << state_from_name(argv[1]) : (1u << STATE_COUNT) - 2;
    int netlink_fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG);
    long v4 = ask(netlink_fd, AF_INET, states), v6 = ask(netlink_fd, AF_INET6, states);
    if (v4 == -1 || v6 == -1) {
        report_errno("sock_diag");
        return EXIT_WORLD;
    }
    printf("%ld\n", v4 + v6);
    return EXIT_DONE;
}
