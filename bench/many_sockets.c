/* many_sockets: fills the kernel's list of sockets, for measuring how fast it is read.
 *
 *     many_sockets 100000        prints "ready" once so many rows are there; ends at the end of its standard input
 *
 * Connections over loopback, both ends here: two rows each. A process may have 20,000 descriptors or fewer, so the
 * connections are spread over child processes, each with a listener and an address of 127.0.0.0/8 of its own.
 */
#include "common/number.h"
#include "common/report.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Opens `count` connections to a listener on 127.0.1.NUMBER. Returns 0, or -1 after reporting why. */
static int open_connections(int number, long count)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    socklen_t size = sizeof server;
    server.sin_addr.s_addr = htonl(0x7f000100u + (unsigned)number + 1);
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1 || bind(listen_fd, (struct sockaddr *)&server, sizeof server) == -1 ||
        listen(listen_fd, SOMAXCONN) == -1 || getsockname(listen_fd, (struct sockaddr *)&server, &size) == -1) {
        report_errno("listen");
        return -1;
    }
    for (long i = 0; i < count; i++) {
        int client = socket(AF_INET, SOCK_STREAM, 0);
        if (client == -1 || connect(client, (struct sockaddr *)&server, sizeof server) == -1 ||
            accept(listen_fd, NULL, NULL) == -1) {
            report_errno("connection %ld of process %d", i, number);
            return -1;
        }
    }
    return 0;
}

/* A child: says on `ready` that it has its connections, and keeps them until `end` is closed. */
static void keep_connections(int number, long count, int ready, int end)
{
    char answer = open_connections(number, count) == 0 ? 'y' : 'n';
    if (write(ready, &answer, 1) == 1 && read(end, &answer, 1) >= 0)
        _exit(EXIT_DONE);
    _exit(EXIT_WORLD);
}

/* How many connections one process can have: two descriptors each, and some to spare. */
static long connections_a_process(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
        return 100;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    long descriptors = limit.rlim_max > 20000 ? 20000 : (long)limit.rlim_max;
    return (descriptors - 20) / 2;
}

int main(int argc, char **argv)
{
    long long rows;
    int ready[2], end[2];
    report_as("many_sockets");
    if (argc != 2 || parse_number(argv[1], 2, 2000000, &rows)) {
        report("usage: many_sockets ROWS");
        return EXIT_USAGE;
    }
    if (pipe(ready) == -1 || pipe(end) == -1) {
        report_errno("pipe");
        return EXIT_WORLD;
    }
    long left = (long)rows / 2, at_most = connections_a_process();
    int children = 0;
    for (; left > 0; left -= at_most, children++) {
        pid_t child = fork();
        if (child == 0) {
            close(end[1]);
            keep_connections(children, left < at_most ? left : at_most, ready[1], end[0]);
        }
        if (child == -1) {
            report_errno("fork");
            return EXIT_WORLD;
        }
    }
    for (int i = 0; i < children; i++) {
        char answer;
        if (read(ready[0], &answer, 1) != 1 || answer != 'y')
            return EXIT_WORLD; /* closes `end`: the children go too */
    }
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return EXIT_DONE;
}
