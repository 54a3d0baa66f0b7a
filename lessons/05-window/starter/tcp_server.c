/* tcp_server: lesson 05. A client may read late and slowly: the server waits, loses nothing, and holds one buffer of
 * it.
 *
 *     tcp_server [-b ADDR] 7000
 *
 * Its connection is non-blocking: read and write do what can be done at once, and poll waits. Fill the holes in the
 * order of their numbers, compile, run, and let a client come: the program says which hole it has fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "variant.h"

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "tcp_server: hole %d is not filled: its comment says what to do; or make hint LESSON=5\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_server: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* [-b ADDR] PORT: where to listen. Without -b at 127.0.0.1, which is this machine only. */
static struct sockaddr_in address_of(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int with_address = argc == 4 && strcmp(argv[1], "-b") == 0;
    const char *where = with_address ? argv[2] : "127.0.0.1";
    char *end = NULL;
    long port = argc == 2 || with_address ? strtol(argv[argc - 1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535 || inet_pton(AF_INET, where, &address.sin_addr) != 1) {
        fprintf(stderr, "usage: tcp_server [-b ADDR] PORT   (such as -b 127.0.0.2 7000)\n");
        exit(2);
    }
    address.sin_port = htons((uint16_t)port);
    return address;
}

static int listen_on(struct sockaddr_in address)
{
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1)
        fail("socket");
    int on = 1; /* old connections that linger do not keep us from the port */
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        fail("setsockopt");
    if (bind(listen_fd, (struct sockaddr *)&address, sizeof address) == -1)
        fail("bind");
    if (listen(listen_fd, 16) == -1)
        fail("listen");
    return listen_fd;
}

/* Your variant: SHIFT (variant.h) is added to each byte. Without a seed it is 0, and the bytes stay as they came. */
static void shift(char *data, ssize_t length)
{
    for (ssize_t at = 0; at < length; at++)
        data[at] = (char)(data[at] + SHIFT);
}

/* From now on no read and no write of `fd` waits: they return -1 with EAGAIN instead. */
static void never_block(int fd)
{
    (void)fd; /* take this line out when you use it */

    /* Hole 1: fcntl(2): F_GETFL gives the flags that are set, F_SETFL sets them; add O_NONBLOCK to those that are
     * there. -1: fail("fcntl"). */
    hole(1);
}

/* Waits, as long as it takes, until `fd` can be read (POLLIN) or written (POLLOUT). */
static void wait_until(int fd, short event)
{
    (void)fd; /* take these two lines out when you use them */
    (void)event;

    /* Hole 2: poll(2) with one struct pollfd, which has `fd` and in .events `event`; the time-out -1 means none. While
     * we wait we use no processor time. -1: fail("poll"). What it found out, read and write will say again. */
    hole(2);
}

/* Sends all of it, at the client's pace. -1: it is gone. */
static int write_all(int fd, const char *data, ssize_t length)
{
    for (;;) {
        wait_until(fd, POLLOUT); /* until there is room in the send buffer: until the client reads, if it is full */
        ssize_t written = write(fd, data, (size_t)length);

        /* Hole 3: -1 has two meanings (write(2), ERRORS). EAGAIN: there was no room after all, so wait again. Anything
         * else: this client is gone: perror(3), and return -1. */
        hole(3);

        /* Hole 4: a short write: only `written` bytes have gone into the send buffer, perhaps fewer than `length`. Let
         * `data` point to the first byte that is left, and `length` be how many are. */
        (void)written; /* take this line out when you use it */
        hole(4);

        if (length == 0)
            return 0;
    }
}

/* One client. While we wait in write_all we do not read: the window of our receive buffer closes, and so the client is
 * held up in its turn. */
static void echo(int connection)
{
    char buffer[16384];
    for (;;) {
        wait_until(connection, POLLIN);
        ssize_t got = read(connection, buffer, sizeof buffer);
        if (got == -1 && errno == EAGAIN)
            continue;
        if (got == -1)
            perror("tcp_server: read");
        if (got <= 0)
            break;
        shift(buffer, got);
        if (write_all(connection, buffer, got) == -1)
            break;
    }
    shutdown(connection, SHUT_WR); /* our FIN, behind the last byte */
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = address_of(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone must not end the server */
    int listen_fd = listen_on(address);

    for (;;) {
        int connection = accept(listen_fd, NULL, NULL);
        if (connection == -1)
            fail("accept");
        never_block(connection);
        echo(connection);
        close(connection);
    }
}
