/* tcp_server: lesson 02. It listens where it is told to, and takes one connection after another out of the accept
 * queue.
 *
 *     tcp_server 7000        tcp_server -b 127.0.0.2 7000
 *
 * The echo is lesson 01's. Fill the holes in the order of their numbers, compile, run: the program says which hole it
 * has fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
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
    fprintf(stderr, "tcp_server: hole %d is not filled: its comment says what to do; or make hint LESSON=2\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_server: %s: %s\n", operation, strerror(errno));
    exit(1);
}

static void usage(void)
{
    fprintf(stderr, "usage: tcp_server [-b ADDR] PORT   (such as -b 127.0.0.2 7000)\n");
    exit(2);
}

/* Where to listen. PORT is the last word. */
static struct sockaddr_in address_of(int argc, char **argv)
{
    char *end = NULL;
    long port = argc >= 2 ? strtol(argv[argc - 1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535)
        usage();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* without -b: this machine only */

    /* Hole 1: with `-b ADDR` before PORT the address is ADDR. strcmp(3) says whether argv[1] is "-b", inet_pton(3) puts
     * ADDR into address.sin_addr, and returns 1 if it was one. What is neither `PORT` nor `-b ADDR PORT`: usage(). */
    hole(1);

    return address;
}

/* Your variant: SHIFT (variant.h) is added to each byte. Without a seed it is 0, and the bytes stay as they came. */
static void shift(char *data, ssize_t length)
{
    for (ssize_t at = 0; at < length; at++)
        data[at] = (char)(data[at] + SHIFT);
}

/* Sends all of it. -1: this client is gone, which does not concern the next one. */
static int write_all(int fd, const char *data, ssize_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, (size_t)length);
        if (written == -1) {
            perror("tcp_server: write");
            return -1;
        }
        data += written; /* it may have taken less than it was given */
        length -= written;
    }
    return 0;
}

/* One client: sends its bytes back until it has closed its half. */
static void echo(int connection)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(connection, buffer, sizeof buffer)) > 0) {
        shift(buffer, got);
        if (write_all(connection, buffer, got) == -1)
            return;
    }
    if (got == -1)
        perror("tcp_server: read");
    else
        shutdown(connection, SHUT_WR); /* our FIN, behind the last byte */
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone must not end the server */
    struct sockaddr_in address = address_of(argc, argv);
    (void)address; /* take this line out when you use it */

    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1)
        fail("socket");
    int on = 1; /* lesson 03 says why */
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        fail("setsockopt");

    /* Hole 2: bind(2) to `address`, which is a struct sockaddr_in: the call wants a pointer of another type, and the
     * size. -1: the port is taken, or this machine has no such address. errno knows which: fail("bind"). */
    hole(2);

    /* Hole 3: listen(2). From here on the kernel makes connections by itself, and keeps them until you accept them;
     * `backlog` is how many may wait: 16. -1: fail("listen"). */
    hole(3);

    for (;;) {
        /* Hole 4: accept(2) takes the oldest connection out of the queue, and waits only if there is none. Its last two
         * arguments may be NULL: we do not ask who it is. -1: fail("accept"). */
        int connection = -1;
        hole(4);

        echo(connection);

        /* Hole 5: close(2) this connection. Which descriptor must stay open, so that the next clients' handshakes go on
         * meanwhile? */
        hole(5);
    }
}
