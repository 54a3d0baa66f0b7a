/* echo_load: clients for an echo server, many at once, in one event loop.
 *
 *     echo_load PORT N hold              opens N connections, each gets one byte echoed, prints "ready", and keeps them
 *                                        until its standard input ends
 *     echo_load PORT N trips SECONDS     the same, and then each sends a byte whenever the one before has come back;
 *                                        prints how many came back a second
 *     echo_load PORT N churn SECONDS     N at a time connect, have a byte echoed and close; prints connections a second
 *
 * Connections come from 127.0.0.2, .3 and so on, 10,000 from each: one address has some 28,000 ports at most. They are
 * closed with a reset, or each run would leave its TIME_WAITs to the next.
 */
#include "common/number.h"
#include "common/report.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h> /* Linux: poll(2) would hand over 5,000 descriptors with each call */
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { A_SOURCE = 10000, PATIENCE_MS = 30000, MOST = 19000 };

struct load {
    int epoll_fd;
    struct sockaddr_in server;
    long long opened; /* connections so far: says which source is next */
    long long trips;
    int connections[MOST]; /* in the order in which they were opened; not kept for churn */
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* A connection that has sent its byte, watched for the answer. Returns 0, or -1 after reporting why. */
static int open_connection(struct load *load)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    source.sin_addr.s_addr = htonl(0x7f000002u + (unsigned)(load->opened++ / A_SOURCE % 200));
    if (fd == -1 || setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on) == -1 ||
        bind(fd, (struct sockaddr *)&source, sizeof source) == -1 ||
        connect(fd, (struct sockaddr *)&load->server, sizeof load->server) == -1 ||
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == -1 || write(fd, "x", 1) != 1) {
        report_errno("connection %lld", load->opened);
        return -1;
    }
    if (load->opened <= MOST)
        load->connections[load->opened - 1] = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* Takes the answers that are there; with `again` each is followed by the next byte, with `anew` by a new connection.
 * Returns how many came, or -1 after reporting why. */
static int take_answers(struct load *load, bool again, bool anew)
{
    struct epoll_event ready[256];
    char byte;
    int count = epoll_wait(load->epoll_fd, ready, 256, PATIENCE_MS);
    if (count < 1) {
        report("the server stands still");
        return -1;
    }
    for (int i = 0; i < count; i++) {
        int fd = ready[i].data.fd;
        if (read(fd, &byte, 1) != 1 || (again && write(fd, "x", 1) != 1)) {
            report_errno("a connection broke");
            return -1;
        }
        if (anew && (close(fd) == -1 || open_connection(load) == -1))
            return -1;
    }
    load->trips += count;
    return count;
}

/* The first byte of each connection's trips; from then on each answer is followed by the next. */
static int send_first(const struct load *load, long long count)
{
    for (long long i = 0; i < count; i++)
        if (write(load->connections[i], "x", 1) != 1) {
            report_errno("the first byte");
            return -1;
        }
    return 0;
}

/* All `count` connections, 100 at a time under way: no accept queue overflows. */
static int open_all(struct load *load, long long count)
{
    for (long long opened = 0, answered = 0; answered < count;) {
        while (opened < count && opened - answered < 100) {
            if (open_connection(load) == -1)
                return -1;
            opened++;
        }
        int came = take_answers(load, false, false);
        if (came == -1)
            return -1;
        answered += came;
    }
    return 0;
}

/* For so many seconds; prints the rate. */
static int measure(struct load *load, long long connections, bool churn, double seconds)
{
    if (churn) {
        for (long long i = 0; i < connections; i++)
            if (open_connection(load) == -1)
                return -1;
    } else if (open_all(load, connections) == -1 || send_first(load, connections) == -1) {
        return -1;
    }
    load->trips = 0;
    double start = now(), end;
    do
        if (take_answers(load, !churn, churn) == -1)
            return -1;
    while ((end = now()) < start + seconds);
    printf("%.0f\n", (double)load->trips / (end - start));
    return 0;
}

int main(int argc, char **argv)
{
    static struct load load; /* too large for the stack */
    load.server.sin_family = AF_INET;
    struct rlimit limit;
    uint16_t port;
    long long connections, seconds = 1;
    report_as("echo_load");
    bool holds = argc == 4 && strcmp(argv[3], "hold") == 0;
    bool measures = argc == 5 && (strcmp(argv[3], "trips") == 0 || strcmp(argv[3], "churn") == 0);
    if ((!holds && !measures) || parse_port(argv[1], &port) || parse_number(argv[2], 1, MOST, &connections) ||
        (measures && parse_number(argv[4], 1, 60, &seconds))) {
        report("usage: echo_load PORT N hold | trips SECONDS | churn SECONDS");
        return EXIT_USAGE;
    }
    load.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    load.server.sin_port = htons(port);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    load.epoll_fd = epoll_create1(0);
    if (measures)
        return measure(&load, connections, strcmp(argv[3], "churn") == 0, (double)seconds) == 0 ? EXIT_DONE
                                                                                                : EXIT_WORLD;
    if (open_all(&load, connections) == -1)
        return EXIT_WORLD;
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return EXIT_DONE;
}
