/* join.c: how a wire is found and asked for the way to its hosts; Linux only. The socket's side is unix(7). */
#define _GNU_SOURCE
#include "join.h"

#include "common/report.h"

#include <errno.h>
#include <grp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    WAITING = 8,     /* so many may wait for an answer; the next one is refused by the kernel */
    AT_ONCE = 4,     /* so many are answered before the wire looks at its frames again */
    ANSWER_SECS = 5, /* a wire that does not answer in that time is stopped */
    WIRES_MAX = 32,
    WAYS = HOSTS + 2 /* descriptors in an answer: networks, processes, and users where there are */
};

static const char prefix[] = "netstep-wire/";

/* A running wire, by its socket's name. */
struct name {
    uid_t user;
    pid_t wire;
};

/* The bytes that come with the descriptors. */
struct answer {
    unsigned char together, users;
};

/* An abstract name begins with a zero byte, and ends with the address. */
static socklen_t make_address(const struct name *name, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "%s%u/%d", prefix, (unsigned)name->user,
                          (int)name->wire);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

/* ---- the wire's side */

int join_listen(void)
{
    const struct name own = {geteuid(), getpid()};
    struct sockaddr_un address;
    socklen_t length = make_address(&own, &address);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    if (bind(fd, (const struct sockaddr *)&address, length) == -1 || listen(fd, WAITING) == -1) {
        close(fd);
        return -1;
    }
    return fd;
}

/* One message with all descriptors. What goes wrong is the other's loss: it sees the end without an answer. */
static void send_way(int fd, const struct hosts *hosts)
{
    int ways[WAYS] = {hosts->of[CLIENT].network, hosts->of[SERVER].network, hosts->pids, hosts->users};
    const size_t size = sizeof(int) * (hosts->users == -1 ? WAYS - 1 : WAYS);
    struct answer answer = {.together = hosts->placing.together, .users = hosts->users != -1};
    struct iovec bytes = {&answer, sizeof answer};
    union {
        char room[CMSG_SPACE(sizeof ways)];
        struct cmsghdr aligned;
    } control = {.room = {0}};
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = CMSG_SPACE(size)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), ways, size);
    sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool peer_of(int fd, struct ucred *peer)
{
    socklen_t length = sizeof *peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &length) == 0;
}

/* In our namespace of users all others have one id, "nobody"'s. Where that is ours too, each of them gets an answer,
 * and it is the kernel that lets none of them use it. */
void join_answer(int listen_fd, const struct hosts *hosts)
{
    for (int left = AT_ONCE; left > 0; left--) {
        struct ucred peer;
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1)
            return;
        if (peer_of(fd, &peer) && peer.uid == geteuid())
            send_way(fd, hosts);
        close(fd); /* what was sent can be read all the same */
    }
}

/* ---- the side of the one who joins */

/* Connects to a wire, and makes sure that it is the one of its name: anybody may take a name. Returns the socket, or -1
 * with errno. */
static int connect_to(const struct name *name)
{
    const struct timeval limit = {.tv_sec = ANSWER_SECS};
    struct sockaddr_un address;
    struct ucred peer;
    socklen_t length = make_address(name, &address);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* for connect(2) too, where too many wait */
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int result = connect(fd, (const struct sockaddr *)&address, length);
    if (result == 0 && peer_of(fd, &peer) && peer.uid == name->user && peer.pid == name->wire)
        return fd;
    int error = result == 0 ? ECONNREFUSED : errno;
    close(fd);
    errno = error;
    return -1;
}

/* A line of /proc/net/unix:
 *     0000000000000000: 00000002 00000000 00010000 0005 01 12345 @netstep-wire/1000/4711
 * The fourth word's 10000 is a socket that listens; accepted ones have the same name. */
static bool is_wire(const char *line, struct name *name)
{
    unsigned flags = 0, user = 0;
    int at = 0, wire = 0;
    char rest = '\0';
    if (sscanf(line, "%*s %*s %*s %x %*s %*s %*s @%n", &flags, &at) != 1 || at == 0 || !(flags & 0x10000))
        return false;
    if (strncmp(line + at, prefix, strlen(prefix)) != 0)
        return false;
    if (sscanf(line + at + strlen(prefix), "%10u/%9d%c", &user, &wire, &rest) != 3 || rest != '\n')
        return false;
    *name = (struct name){user, wire};
    return wire > 0;
}

/* Our own wires, or everybody else's. Returns how many. */
static int find_wires(bool own, struct name names[WIRES_MAX])
{
    char line[256];
    int count = 0;
    FILE *file = fopen("/proc/net/unix", "re");
    while (file && count < WIRES_MAX && fgets(line, sizeof line, file))
        if (is_wire(line, &names[count]) && (names[count].user == geteuid()) == own)
            count++;
    if (file)
        fclose(file);
    return count;
}

static void report_none(pid_t of)
{
    struct name names[WIRES_MAX];
    const char *host = getenv("NETSTEP_HOST");
    if (host)
        report("this is on the %s already: join from a terminal outside", host);
    else if (of != 0)
        report("no wire of yours with process id %d runs here", (int)of);
    else if (find_wires(false, names) > 0)
        report("no wire of yours runs here, but another user's does: to join it takes that user, or sudo");
    else
        report("no wire runs here: start one in another terminal, for instance with: wire");
}

static void report_several(const struct name names[], int count)
{
    char list[WIRES_MAX * 12] = "";
    size_t length = 0;
    for (int i = 0; i < count; i++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%d", i > 0 ? ", " : "", (int)names[i].wire);
    report("several wires run (%s): choose one by its process id, for instance with --of %d", list, (int)names[0].wire);
}

static const struct name *with_id(pid_t of, const struct name names[], int count)
{
    for (int i = 0; i < count; i++)
        if (names[i].wire == of)
            return &names[i];
    return NULL;
}

/* Chooses among those that run: our own; root may join everybody's. Returns 0, or -1 after a report. */
static int choose(pid_t of, struct name *chosen)
{
    struct name names[WIRES_MAX];
    int count = find_wires(true, names);
    if (geteuid() == 0 && (of != 0 ? with_id(of, names, count) == NULL : count == 0))
        count = find_wires(false, names);
    const struct name *found = of != 0 ? with_id(of, names, count) : count == 1 ? &names[0] : NULL;
    if (found)
        *chosen = *found;
    else if (of == 0 && count > 1)
        report_several(names, count);
    else
        report_none(of);
    return found ? 0 : -1;
}

/* Root joins as the wire's user, to whom its namespaces belong. */
static int become_user(const struct name *name)
{
    struct ucred peer;
    if (name->user == geteuid())
        return 0;
    int fd = connect_to(name);
    if (fd == -1)
        return -1;
    bool known = peer_of(fd, &peer);
    close(fd);
    if (!known || setgroups(0, NULL) == -1 || setresgid(peer.gid, peer.gid, peer.gid) == -1)
        return -1;
    return setresuid(peer.uid, peer.uid, peer.uid);
}

/* Reads the one message. Returns 0, or -1 with errno; no descriptor stays open then. */
static int receive_way(int fd, struct way *way)
{
    int ways[WAYS], count = 0;
    struct answer answer;
    struct iovec bytes = {&answer, sizeof answer};
    union {
        char room[CMSG_SPACE(sizeof ways)];
        struct cmsghdr aligned;
    } control;
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (got == -1)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(ways, CMSG_DATA(header), (size_t)count * sizeof(int));
    }
    if (got != (ssize_t)sizeof answer || count != WAYS - 1 + (answer.users ? 1 : 0)) {
        while (count > 0)
            close(ways[--count]);
        errno = EPROTO;
        return -1;
    }
    way->together = answer.together;
    way->network[CLIENT] = ways[0];
    way->network[SERVER] = ways[1];
    way->pids = ways[2];
    way->users = answer.users ? ways[3] : -1;
    return 0;
}

int join_ask(pid_t of, struct way *way)
{
    struct name name = {0, 0};
    if (choose(of, &name) == -1)
        return -1;
    int fd = become_user(&name) == -1 ? -1 : connect_to(&name);
    int result = fd == -1 ? -1 : receive_way(fd, way);
    way->wire = name.wire;
    if (result == -1 && (errno == EAGAIN || errno == EINPROGRESS))
        report("the wire with process id %d does not answer: is it stopped?", (int)name.wire);
    else if (result == -1)
        report_errno("join the wire with process id %d", (int)name.wire);
    if (fd != -1)
        close(fd);
    return result;
}
