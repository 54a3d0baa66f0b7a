/* bare_epoll: an echo server of nothing but epoll_wait, accept4, read and write.
 *
 *     bare_epoll            prints "listening on 127.0.0.1:PORT", and serves until it is ended
 *
 * The limit that `make bench` sets the models of tcp_server against. No stop signals, no narration, no memory of what a
 * write did not take: a client that does not read is dropped.
 */
#define _GNU_SOURCE /* accept4 */
#include "common/report.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void watch(int epoll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == -1)
        close(fd);
}

static void echo(int fd)
{
    char buffer[16 * 1024];
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0 || write(fd, buffer, (size_t)got) != got)
        close(fd);
}

int main(void)
{
    struct rlimit descriptors;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    struct epoll_event ready[64];
    report_as("bare_epoll");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        descriptors.rlim_cur = descriptors.rlim_max;
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0), epoll_fd = epoll_create1(0);
    if (listen_fd == -1 || epoll_fd == -1 || bind(listen_fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(listen_fd, SOMAXCONN) == -1 || getsockname(listen_fd, (struct sockaddr *)&address, &size) == -1) {
        report_errno("listen");
        return EXIT_WORLD;
    }
    printf("listening on 127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    watch(epoll_fd, listen_fd);
    for (;;) {
        int count = epoll_wait(epoll_fd, ready, 64, -1);
        for (int i = 0; i < count; i++)
            if (ready[i].data.fd == listen_fd)
                watch(epoll_fd, accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK));
            else
                echo(ready[i].data.fd);
    }
}
