/* hosts.c: namespaces and cables; Linux only. The kernel's side is namespaces(7), veth(4), packet(7). */
#define _GNU_SOURCE
#include "hosts.h"

#include "common/report.h"
#include "no_hosts.h"
#include "rtnetlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CABLE_BUFFER = 16 * 1024 * 1024, /* the default of 208 KiB loses frames when a host sends in a burst */
    HELD_RTO_MS = 60000,             /* a repeat of data or FIN, where people think in between */
    SLOW_RTO_MS = 1000,
    BURIAL_MS = 2000, /* so long we wait at our end for that of all processes on the hosts */
    PREFIX_V4 = 24,
    PREFIX_V6 = 64
};

static const char *const addresses_v4[HOSTS] = {"10.0.0.1", "10.0.0.2"};
static const char *const addresses_v6[HOSTS] = {"fd00::1", "fd00::2"};
static const uint8_t hardware[HOSTS][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

const char *host_address(enum host_id host, int family)
{
    return family == AF_INET6 ? addresses_v6[host] : addresses_v4[host];
}

/* Writes a short text to a file. Returns 0, or -1 with errno. */
static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd == -1)
        return -1;
    ssize_t written = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

/* A sysctl of the network namespace that we are in. */
static int set_sysctl(const char *name, const char *value)
{
    char path[160];
    if (snprintf(path, sizeof path, "/proc/sys/%s", name) >= (int)sizeof path || strstr(name, "..")) {
        errno = EINVAL;
        return -1;
    }
    if (strchr(name, '/') == NULL)
        for (char *at = path + strlen("/proc/sys/"); *at; at++)
            if (*at == '.')
                *at = '/';
    return write_file(path, value);
}

/* In the namespace of users that we have just made we are still who we were: our files stay our own. */
static int map_ourselves(uid_t user, gid_t group)
{
    char map[64];
    write_file("/proc/self/setgroups", "deny"); /* user_namespaces(7): without it a group can't be mapped */
    snprintf(map, sizeof map, "%u %u 1", (unsigned)user, (unsigned)user);
    if (write_file("/proc/self/uid_map", map) == -1)
        return -1;
    snprintf(map, sizeof map, "%u %u 1", (unsigned)group, (unsigned)group);
    return write_file("/proc/self/gid_map", map);
}

/* Leaves the machine's network, and lets the processes that we start from now on have a namespace of their own.
 * Root needs no namespace of users for that. */
static int leave(struct hosts *hosts)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    const int spaces = CLONE_NEWNET | CLONE_NEWPID;
    hosts->users = -1;
    if (user == 0 && unshare(spaces) == 0)
        return 0;
    if (unshare(CLONE_NEWUSER | spaces) == -1)
        return no_hosts("unshare");
    if (map_ourselves(user, group) == -1)
        return no_hosts("map the user");
    hosts->users = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    return hosts->users == -1 ? no_hosts("/proc/self/ns/user") : 0;
}

/* The first process in the new namespace of processes: it has nothing to do but to be there, to bury orphans, and to
 * end when we do. Then the kernel kills whatever else runs on the hosts (pid_namespaces(7)). */
static int start_first_process(struct hosts *hosts)
{
    int ends[2];
    if (pipe(ends) == -1)
        return no_hosts("pipe");
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    hosts->first_process = fork();
    if (hosts->first_process == -1)
        return no_hosts("fork");
    if (hosts->first_process == 0) {
        char nothing;
        close(ends[1]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "wire-hosts");
        setsid(); /* a terminal's Ctrl-C is not for it */
        signal(SIGCHLD, SIG_IGN);
        while (read(ends[0], &nothing, 1) == -1 && errno == EINTR)
            ;
        _exit(0);
    }
    close(ends[0]);
    hosts->life = ends[1];
    hosts->pids = open("/proc/self/ns/pid_for_children", O_RDONLY | O_CLOEXEC);
    return hosts->pids == -1 ? no_hosts("/proc/self/ns/pid_for_children") : 0;
}

static int open_network(void)
{
    return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* What a network card does for the kernel, and nobody does for us: checksums, cutting large segments. */
static int turn_off_offloads(void)
{
    static const uint32_t commands[] = {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), result = 0;
    for (size_t i = 0; fd != -1 && i < sizeof commands / sizeof commands[0]; i++) {
        struct ethtool_value off = {.cmd = commands[i], .data = 0};
        struct ifreq request = {.ifr_data = (char *)&off};
        strcpy(request.ifr_name, "eth0");
        if (ioctl(fd, SIOCETHTOOL, &request) == -1 && commands[i] == ETHTOOL_STXCSUM)
            result = -1; /* without this one no segment would arrive; the others may be fixed */
    }
    if (fd != -1)
        close(fd);
    return fd == -1 ? -1 : result;
}

/* How the host's kernel is to behave. What a kernel does not have, or lets nobody write, is left as it is. */
static void set_habits(const struct hosts_options *options)
{
    static const char *const always[][2] = {
        {"net/ipv6/conf/eth0/addr_gen_mode", "1"}, /* no address but ours, and no questions about routers */
        {"net/ipv6/conf/eth0/accept_ra", "0"},     {"net/ipv6/conf/eth0/router_solicitations", "0"},
        {"net/ipv4/tcp_retrans_collapse", "0"}, /* a repeat is the same segment again, not two in one */
        {"net/ipv4/tcp_no_metrics_save", "1"},  /* a connection learns nothing from the one before */
    };
    static const char *const still[][2] = {
        {"net/ipv4/tcp_synack_retries", "30"},
        {"net/ipv4/tcp_rto_min_us", "60000000"},
    };
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        set_sysctl(always[i][0], always[i][1]);
    if (options->timers != TIMERS_KERNEL)
        set_sysctl("net/ipv4/tcp_early_retrans", "0"); /* no probe for a lost tail (RFC 8985) */
    for (size_t i = 0; options->timers == TIMERS_STILL && i < sizeof still / sizeof still[0]; i++)
        set_sysctl(still[i][0], still[i][1]);
}

/* An address, the way to the neighbour, and the neighbour, who is never asked for. */
static int set_address(int netlink_fd, int index, enum host_id host, int family, const struct hosts_options *options)
{
    uint8_t own[16], neighbour[16], prefix[16] = {0};
    inet_pton(family, host_address(host, family), own);
    inet_pton(family, host_address(other_host(host), family), neighbour);
    int length = family == AF_INET ? PREFIX_V4 : PREFIX_V6;
    uint32_t rto_min_ms = options->timers == TIMERS_STILL  ? HELD_RTO_MS
                          : options->timers == TIMERS_SLOW ? SLOW_RTO_MS
                                                           : 0;
    memcpy(prefix, own, (size_t)length / 8);
    if (rt_add_address(netlink_fd, index, family, own, length) == -1 ||
        rt_add_route(netlink_fd, index, family, prefix, length, options->quick_ack, rto_min_ms) == -1)
        return -1;
    return rt_add_neighbour(netlink_fd, index, family, neighbour, hardware[other_host(host)]);
}

/* We are in the host's namespace: its card is set up, and its list of sockets opened. */
static int set_up_host(struct host *host, enum host_id id, const struct hosts_options *options)
{
    int netlink_fd = rt_open(), index = (int)if_nametoindex("eth0"), result = -1;
    if (netlink_fd == -1 || index == 0)
        return no_hosts("eth0");
    set_habits(options);
    if (turn_off_offloads() == -1)
        no_hosts("eth0 without offloads");
    else if (rt_set_up(netlink_fd, (int)if_nametoindex("lo")) == -1 || rt_set_up(netlink_fd, index) == -1)
        no_hosts("eth0 up");
    else if (set_address(netlink_fd, index, id, AF_INET, options) == -1)
        no_hosts("an address");
    else if (socket_table_open(&host->table) == -1)
        no_hosts("a list of sockets");
    else
        result = 0;
    if (access("/proc/net/if_inet6", F_OK) == 0)
        set_address(netlink_fd, index, id, AF_INET6, options); /* a kernel may do without IPv6 */
    close(netlink_fd);
    return result;
}

/* Our socket on our end of the cable. */
static int open_cable(const char *name)
{
    int on = 1, size = CABLE_BUFFER;
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    address.sll_ifindex = (int)if_nametoindex(name);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1)
        return -1;
    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    /* What is sent goes at once, also while the cable is only just being plugged in: otherwise the first frame may
     * vanish. */
    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == -1)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) == -1) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A host and its cable. Begins and ends in our own namespace. */
static int add_host(struct hosts *hosts, enum host_id id, int netlink_fd, const struct hosts_options *options)
{
    struct host *host = &hosts->of[id];
    if (unshare(CLONE_NEWNET) == -1)
        return no_hosts("unshare");
    host->network = open_network();
    if (host->network == -1 || setns(hosts->network, CLONE_NEWNET) == -1)
        return no_hosts("/proc/self/ns/net");
    if (rt_add_cable(netlink_fd, host_name(id), "eth0", hardware[id], host->network) == -1)
        return no_hosts("a cable (veth)");
    if (rt_set_up(netlink_fd, (int)if_nametoindex(host_name(id))) == -1)
        return no_hosts("the cable's end");
    host->cable = open_cable(host_name(id));
    if (host->cable == -1)
        return no_hosts("a socket on the cable (AF_PACKET)");
    if (setns(host->network, CLONE_NEWNET) == -1)
        return no_hosts("setns");
    int result = set_up_host(host, id, options);
    if (setns(hosts->network, CLONE_NEWNET) == -1)
        return no_hosts("setns");
    return result;
}

int hosts_open(struct hosts *hosts, const struct hosts_options *options)
{
    *hosts = (struct hosts){.network = -1, .users = -1, .pids = -1, .life = -1};
    for (int i = 0; i < HOSTS; i++)
        hosts->of[i] = (struct host){.network = -1, .cable = -1, .table = {.netlink_fd = -1}};
    placing_wire(&hosts->placing, options->together);
    if (leave(hosts) == -1 || start_first_process(hosts) == -1)
        return -1;
    set_sysctl("net/ipv6/conf/all/disable_ipv6", "1"); /* between the hosts nobody is to answer but they */
    set_sysctl("net/ipv6/conf/default/disable_ipv6", "1");
    set_sysctl("net/ipv4/tcp_child_ehash_entries", "64"); /* small lists are read fast */
    hosts->network = open_network();
    int netlink_fd = rt_open();
    if (hosts->network == -1 || netlink_fd == -1)
        return no_hosts("netlink");
    int result = add_host(hosts, CLIENT, netlink_fd, options);
    if (result == 0)
        result = add_host(hosts, SERVER, netlink_fd, options);
    close(netlink_fd);
    return result;
}

/* The first process ends, with it all others there; it is gone when they are buried. A `wire sh` that its shell has
 * stopped does not bury what it has started: that is dead as well, and no reason for us to stay. */
static void await_the_end(void)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int left = BURIAL_MS; left > 0; left--) {
        pid_t ended;
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if (ended == -1)
            return;
        nanosleep(&moment, NULL);
    }
}

void hosts_close(struct hosts *hosts)
{
    if (hosts->life != -1)
        close(hosts->life);
    if (hosts->first_process > 0)
        await_the_end();
    for (int i = 0; i < HOSTS; i++) {
        struct host *host = &hosts->of[i];
        if (host->cable != -1)
            close(host->cable);
        if (host->network != -1)
            close(host->network);
        socket_table_close(&host->table);
    }
    int rest[] = {hosts->network, hosts->users, hosts->pids};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        if (rest[i] != -1)
            close(rest[i]);
}

int host_set(const struct hosts *hosts, enum host_id host, const char *name, const char *value)
{
    if (setns(hosts->of[host].network, CLONE_NEWNET) == -1)
        return -1;
    int result = set_sysctl(name, value), error = errno;
    if (setns(hosts->network, CLONE_NEWNET) == -1)
        return -1;
    errno = error;
    return result;
}

/* Whether a list of sockets (proc_net(5)) has a row below its headline. */
static bool has_row(const char *path)
{
    char line[256];
    int lines = 0;
    FILE *list = fopen(path, "re");
    while (list && lines < 2 && fgets(line, sizeof line, list))
        lines++;
    if (list)
        fclose(list);
    return lines == 2;
}

bool host_awaits_datagrams(const struct hosts *hosts, enum host_id host)
{
    if (setns(hosts->of[host].network, CLONE_NEWNET) == -1)
        return false;
    bool awaits = has_row("/proc/self/net/udp") || has_row("/proc/self/net/udp6");
    if (setns(hosts->network, CLONE_NEWNET) == -1)
        return false;
    return awaits;
}
