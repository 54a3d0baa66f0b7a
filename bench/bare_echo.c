/* bare_echo: how fast bytes go to an echo server and back with nothing but the system calls.
 *
 *     bare_echo BYTES       a child echoes with read and write, the parent sends BYTES and reads them back
 *
 * The limit that `make bench` sets tcp_server and tcp_client against: no narration, no options, 64 KiB at a time.
 */
#include "common/number.h"
#include "common/report.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUFFER_SIZE = 64 * 1024 };

static int echo_one_client(int listen_fd)
{
    char buffer[BUFFER_SIZE];
    int connection = accept(listen_fd, NULL, NULL);
    ssize_t got;
    while ((got = read(connection, buffer, sizeof buffer)) > 0)
        for (ssize_t at = 0; at < got;) {
            ssize_t written = write(connection, buffer + at, (size_t)(got - at));
            if (written == -1)
                return EXIT_WORLD;
            at += written;
        }
    close(connection);
    return got == 0 ? EXIT_DONE : EXIT_WORLD;
}

/* Sends and reads as poll allows, until all has come back. */
static int send_and_read(int connection, long long bytes)
{
    char buffer[BUFFER_SIZE] = "";
    long long sent = 0, came_back = 0;
    while (came_back < bytes) {
        struct pollfd waiting = {.fd = connection, .events = (short)(POLLIN | (sent < bytes ? POLLOUT : 0))};
        if (poll(&waiting, 1, 10000) != 1)
            return EXIT_WORLD;
        if (waiting.revents & POLLOUT) {
            size_t size = bytes - sent < BUFFER_SIZE ? (size_t)(bytes - sent) : BUFFER_SIZE;
            ssize_t written = send(connection, buffer, size, MSG_DONTWAIT);
            sent += written > 0 ? written : 0;
        }
        if (waiting.revents & POLLIN) {
            ssize_t got = recv(connection, buffer, sizeof buffer, MSG_DONTWAIT);
            if (got == 0)
                return EXIT_WORLD;
            came_back += got > 0 ? got : 0;
        }
    }
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    long long bytes;
    struct sockaddr_in server = {.sin_family = AF_INET};
    socklen_t size = sizeof server;
    report_as("bare_echo");
    if (argc != 2 || parse_number(argv[1], 1, 1LL << 40, &bytes)) {
        report("usage: bare_echo BYTES");
        return EXIT_USAGE;
    }
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listen_fd, (struct sockaddr *)&server, sizeof server) == -1 || listen(listen_fd, 1) == -1 ||
        getsockname(listen_fd, (struct sockaddr *)&server, &size) == -1) {
        report_errno("listen");
        return EXIT_WORLD;
    }
    pid_t child = fork();
    if (child == 0)
        _exit(echo_one_client(listen_fd));
    int connection = socket(AF_INET, SOCK_STREAM, 0); /* after fork: a copy in the child would keep it open for ever */
    if (child == -1 || connect(connection, (struct sockaddr *)&server, sizeof server) == -1) {
        report_errno("connect");
        return EXIT_WORLD;
    }
    int status = send_and_read(connection, bytes), ended;
    close(connection);
    waitpid(child, &ended, 0);
    return status;
}
