/* socket_table_diag.c: TCP sockets by sock_diag(7), the way ss does it. Linux only.
 *
 * A request goes to the kernel over a netlink socket: family, states, and a filter that the kernel runs for each
 * socket, so that rows nobody wants never leave it. The answer is a train of messages that NLMSG_DONE ends.
 */
#define _GNU_SOURCE
#include "common/socket_table_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
    REPLY_SIZE = 64 * 1024, /* the kernel fills up to 32 KiB at a time */
    ALL_STATES = (1 << STATE_COUNT) - 2
};

/* The states the kernel is asked for: those wanted, without its bit 13 for bound sockets that no netstat shows. */
static uint32_t states_wanted(const struct socket_filter *filter)
{
    return filter->states ? filter->states & ALL_STATES : ALL_STATES;
}

/* Two instructions of the kernel's filter language (inet_diag_bc_op): a comparison and the port it compares with.
 * `yes` and `no` are how many bytes to go on from here. */
static void compare_port(struct inet_diag_bc_op op[2], int code, uint16_t port, int yes, int no)
{
    op[0] = (struct inet_diag_bc_op){.code = (unsigned char)code, .yes = (unsigned char)yes, .no = (unsigned short)no};
    op[1] = (struct inet_diag_bc_op){.no = port};
}

/* Writes the filter program for the ports wanted into `op` (at most 9 instructions); returns how many.
 * Going on to the very end means "take it", going 4 bytes beyond the end means "leave it". */
static int port_program(const struct socket_filter *filter, struct inet_diag_bc_op op[9])
{
    const int size = sizeof(struct inet_diag_bc_op);
    int count = (filter->local_port ? 2 : 0) + (filter->remote_port ? 2 : 0) + (filter->port ? 5 : 0);
    int at = 0;
    if (filter->local_port) {
        compare_port(&op[at], INET_DIAG_BC_S_EQ, filter->local_port, 2 * size, (count - at + 1) * size);
        at += 2;
    }
    if (filter->remote_port) {
        compare_port(&op[at], INET_DIAG_BC_D_EQ, filter->remote_port, 2 * size, (count - at + 1) * size);
        at += 2;
    }
    if (filter->port) { /* at the local end: jump to the end; otherwise try the remote end */
        compare_port(&op[at], INET_DIAG_BC_S_EQ, filter->port, 2 * size, 3 * size);
        op[at + 2] = (struct inet_diag_bc_op){
            .code = INET_DIAG_BC_JMP, .yes = (unsigned char)size, .no = (unsigned short)(3 * size)};
        compare_port(&op[at + 3], INET_DIAG_BC_D_EQ, filter->port, 2 * size, 3 * size);
    }
    return count;
}

/* A question for all sockets: its head, the question in one of two forms, and the program if there is one. */
struct dump_request {
    struct nlmsghdr header;
    char rest[sizeof(struct inet_diag_req_v2) + sizeof(struct inet_diag_req) + sizeof(struct nlattr) +
              9 * sizeof(struct inet_diag_bc_op)];
};

/* Writes the question and returns its size. The newer form asks for one family. Only the older one can ask for both at
 * once (AF_UNSPEC), which lets the kernel walk through its sockets once instead of twice. */
static size_t put_question(struct dump_request *request, int family, uint32_t states)
{
    if (family == AF_UNSPEC) {
        struct inet_diag_req both = {.idiag_family = AF_UNSPEC, .idiag_states = states};
        request->header.nlmsg_type = TCPDIAG_GETSOCK;
        memcpy(request->rest, &both, sizeof both);
        return sizeof both;
    }
    struct inet_diag_req_v2 one = {
        .sdiag_family = (unsigned char)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = states};
    request->header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    memcpy(request->rest, &one, sizeof one);
    return sizeof one;
}

static int send_dump_request(int netlink_fd, int family, const struct socket_filter *filter)
{
    struct dump_request request;
    struct inet_diag_bc_op program[9];
    memset(&request, 0, sizeof request);
    size_t size = put_question(&request, family, states_wanted(filter));
    size_t program_size = (size_t)port_program(filter, program) * sizeof program[0];
    if (program_size > 0) {
        struct nlattr attribute = {.nla_type = INET_DIAG_REQ_BYTECODE,
                                   .nla_len = (unsigned short)(sizeof attribute + program_size)};
        memcpy(request.rest + size, &attribute, sizeof attribute);
        memcpy(request.rest + size + sizeof attribute, program, program_size);
        size += sizeof attribute + program_size;
    }
    request.header.nlmsg_len = (unsigned)(sizeof request.header + size);
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    ssize_t sent = send(netlink_fd, &request, request.header.nlmsg_len, 0);
    return sent == (ssize_t)request.header.nlmsg_len ? 0 : -1;
}

/* The kernel's form of a row (inet_diag(7) struct inet_diag_msg) in ours. */
static void fill_row(struct socket_row *row, const struct inet_diag_msg *message)
{
    memset(row, 0, sizeof *row);
    row->family = message->idiag_family;
    row->state = (enum tcp_state)message->idiag_state;
    memcpy(row->local.address, message->id.idiag_src, sizeof row->local.address);
    memcpy(row->remote.address, message->id.idiag_dst, sizeof row->remote.address);
    row->local.port = ntohs(message->id.idiag_sport);
    row->remote.port = ntohs(message->id.idiag_dport);
    row->recv_queue = message->idiag_rqueue;
    row->send_queue = message->idiag_wqueue;
    if (row->state == STATE_LISTEN) { /* here sock_diag's second number is the limit, where netstat has 0 */
        row->backlog = message->idiag_wqueue;
        row->send_queue = 0;
    }
    row->timer = message->idiag_timer <= TIMER_PROBE ? (enum timer_kind)message->idiag_timer : TIMER_OFF;
    row->timer_ms = message->idiag_expires;
    if (row->timer == TIMER_ON)
        row->retransmits = message->idiag_retrans;
    else if (row->timer == TIMER_KEEPALIVE || row->timer == TIMER_PROBE)
        row->probes = message->idiag_retrans;
    row->uid = message->idiag_uid;
    row->inode = message->idiag_inode;
}

/* Takes one message apart. Returns 0 to go on, 1 at the end of the train, -1 with errno for an error message. */
static int take_message(const struct nlmsghdr *header, struct socket_row *row, bool *is_row)
{
    *is_row = false;
    if (header->nlmsg_type == NLMSG_DONE)
        return 1;
    if (header->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(header);
        errno = header->nlmsg_len >= NLMSG_LENGTH(sizeof *error) && error->error ? -error->error : EPROTO;
        return -1;
    }
    bool tells_socket = header->nlmsg_type == SOCK_DIAG_BY_FAMILY || header->nlmsg_type == TCPDIAG_GETSOCK;
    if (tells_socket && header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
        fill_row(row, NLMSG_DATA(header));
        *is_row = row->state > STATE_NONE && row->state < STATE_COUNT;
    }
    return 0;
}

static ssize_t receive(int netlink_fd, void *buffer, size_t size)
{
    ssize_t got;
    do
        got = recv(netlink_fd, buffer, size, 0);
    while (got == -1 && errno == EINTR);
    return got;
}

int diag_read(int netlink_fd, int family, const struct socket_filter *filter, socket_row_fn *fn, void *context)
{
    union {
        struct nlmsghdr aligned;
        char bytes[REPLY_SIZE];
    } reply;
    int answer = 0; /* once it is not 0, the rest of the train is dropped: the next question needs a clean line */

    if (send_dump_request(netlink_fd, family, filter) == -1)
        return -1;
    for (;;) {
        ssize_t got = receive(netlink_fd, reply.bytes, sizeof reply);
        if (got <= 0)
            return -1;
        unsigned left = (unsigned)got;
        for (const struct nlmsghdr *header = &reply.aligned; NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            struct socket_row row;
            bool is_row;
            int end = take_message(header, &row, &is_row);
            if (end == -1)
                return -1;
            if (end == 1)
                return answer;
            if (is_row && answer == 0)
                answer = fn(&row, context);
        }
    }
}

/* Fills one half of the socket's identity; returns where its 16 address bytes ended up. */
static void identify(const struct sockaddr *address, __be32 bytes[4], __be16 *port)
{
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(bytes, &v6->sin6_addr, 16);
        *port = v6->sin6_port;
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        memcpy(bytes, &v4->sin_addr, 4);
        *port = v4->sin_port;
    }
}

/* Whether a row's address is the one asked for; an IPv4 one may belong to an IPv6 socket (::ffff:127.0.0.1). */
static bool same_address(int family, const uint8_t address[16], int asked_family, const __be32 asked[4])
{
    if (asked_family == AF_INET)
        return memcmp(family == AF_INET6 ? address + 12 : address, asked, 4) == 0;
    return memcmp(address, asked, 16) == 0;
}

/* The exact look-up falls back to a listening socket, and from one address to all (0.0.0.0): not what was asked for. */
static bool is_the_one(const struct socket_row *row, int family, const struct inet_diag_sockid *id)
{
    return row->local.port == ntohs(id->idiag_sport) && row->remote.port == ntohs(id->idiag_dport) &&
           same_address(row->family, row->local.address, family, id->idiag_src) &&
           same_address(row->family, row->remote.address, family, id->idiag_dst);
}

int diag_find(int netlink_fd, const struct sockaddr *local, const struct sockaddr *remote, struct socket_row *row)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 question;
    } request;
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.header.nlmsg_flags = NLM_F_REQUEST;
    request.question.sdiag_family = (unsigned char)local->sa_family;
    request.question.sdiag_protocol = IPPROTO_TCP;
    request.question.idiag_states = ALL_STATES;
    struct inet_diag_sockid *id = &request.question.id;
    identify(local, id->idiag_src, &id->idiag_sport);
    if (remote)
        identify(remote, id->idiag_dst, &id->idiag_dport);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (send(netlink_fd, &request, sizeof request, 0) != sizeof request)
        return -1;

    union {
        struct nlmsghdr aligned;
        char bytes[8192];
    } reply;
    ssize_t got = receive(netlink_fd, reply.bytes, sizeof reply);
    if (got == -1)
        return -1;
    bool is_row;
    if (!NLMSG_OK(&reply.aligned, (unsigned)got)) {
        errno = EPROTO;
        return -1;
    }
    if (take_message(&reply.aligned, row, &is_row) == -1)
        return errno == ENOENT ? 0 : -1;
    return is_row && is_the_one(row, local->sa_family, id) ? 1 : 0;
}

int diag_open(void)
{
    int netlink_fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink_fd == -1)
        return -1;
    /* A reply that never comes must not hang a program that only wants to tell a state. */
    struct timeval limit = {.tv_sec = 5};
    setsockopt(netlink_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    struct sockaddr_in nobody = {.sin_family = AF_INET};
    struct socket_row row;
    if (diag_find(netlink_fd, (struct sockaddr *)&nobody, NULL, &row) != -1)
        return netlink_fd;
    int errno_before = errno;
    close(netlink_fd);
    errno = errno_before;
    return -1;
}
