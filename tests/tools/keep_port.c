/* keep_port PROTOCOL PID: prints a port that no socket has (tcp or udp) and keeps it from every other keep_port until
 * it is ended, or PID is gone. It does not hold the port itself: that is for the program under test. What it holds is a
 * name in the abstract namespace of UNIX sockets (unix(7)), which the kernel frees by itself.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_PORT = 10000, LAST_PORT = 65000, TRIALS = 2000, LINE_SIZE = 512 };

static bool seen[65536];

/* Ports with any socket, our end or the other, old connections too: their rows would be taken for the test's.
 * A row of /proc/net/tcp: "   0: 0100007F:1F90 0100007F:C350 06 ..." */
static void look(const char *table)
{
    char line[LINE_SIZE];
    unsigned own, other;
    FILE *rows = fopen(table, "r");
    if (rows == NULL)
        return; /* no IPv6 here */
    while (fgets(line, sizeof line, rows) != NULL)
        if (sscanf(line, "%*d: %*[0-9A-F]:%x %*[0-9A-F]:%x", &own, &other) == 2)
            seen[own & 0xffff] = seen[other & 0xffff] = true;
    fclose(rows);
}

/* Ports that the kernel gives to clients are avoided: one could be taken between our look and the program's bind. */
static void avoid_clients_ports(void)
{
    unsigned low = 32768, high = 60999;
    FILE *range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
    if (range != NULL) {
        if (fscanf(range, "%u %u", &low, &high) != 2)
            low = 32768, high = 60999;
        fclose(range);
    }
    if (high - low > LAST_PORT - FIRST_PORT - 1000)
        return; /* hardly any other is left */
    for (unsigned port = low; port <= high && port < 65536; port++)
        seen[port] = true;
}

/* A server that forgets htons() listens on the port with its two bytes swapped. That has to be another port, or nobody
 * would notice; and one that an ordinary user may bind, or the server would end before it could be seen there. */
static bool tells_byte_order(unsigned port)
{
    unsigned swapped = (port & 0xff) << 8 | port >> 8;
    return swapped != port && swapped >= 1024 && !seen[swapped];
}

/* Does the name of this port belong to nobody? It is ours then, as long as we live. */
static bool take_name(const char *protocol, unsigned port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "netstep-%s-%u", protocol, port);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd == -1) {
        fprintf(stderr, "keep_port: socket: %s\n", strerror(errno));
        exit(1);
    }
    if (bind(fd, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) ==
        0)
        return true;
    close(fd);
    return false;
}

static bool can_be_bound(int type, unsigned port)
{
    struct sockaddr_in everywhere = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int fd = socket(AF_INET, type, 0);
    bool bound = fd != -1 && bind(fd, (struct sockaddr *)&everywhere, sizeof everywhere) == 0;
    if (fd != -1)
        close(fd);
    return bound;
}

int main(int count, char *words[])
{
    struct timespec now;
    if (count != 3) {
        fprintf(stderr, "usage: keep_port PROTOCOL PID\n");
        return 2;
    }
    const char *protocol = words[1];
    pid_t parent = (pid_t)strtol(words[2], NULL, 10);
    look("/proc/net/tcp");
    look("/proc/net/tcp6");
    look("/proc/net/udp");
    look("/proc/net/udp6");
    avoid_clients_ports();
    clock_gettime(CLOCK_REALTIME, &now);
    srand((unsigned)now.tv_nsec ^ (unsigned)getpid() << 10);

    for (int trial = 0; trial < TRIALS; trial++) {
        unsigned port = FIRST_PORT + (unsigned)rand() % (LAST_PORT - FIRST_PORT + 1);
        if (seen[port] || !tells_byte_order(port) || !take_name(protocol, port) ||
            !can_be_bound(strcmp(protocol, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM, port))
            continue;
        printf("%u\n", port);
        fclose(stdout);
        while (kill(parent, 0) == 0)
            sleep(1);
        return 0;
    }
    fprintf(stderr, "keep_port: no free port\n");
    return 1;
}
