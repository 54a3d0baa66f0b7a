/* tcp_server: your first TCP server. It sends back every byte that a client sends, one client at a time.
 *
 *     tcp_server 7000
 *
 * Fill the holes in the order of their numbers, compile, run: the program says which hole it has fallen into.
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
    fprintf(stderr, "tcp_server: hole %d is not filled: its comment says what to do; or make hint LESSON=1\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_server: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* PORT. The whole word has to be a number, and in range; if not, we say what is wanted and end. */
static uint16_t port_of(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535) {
        fprintf(stderr, "usage: tcp_server PORT\n");
        exit(2);
    }
    return (uint16_t)port;
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
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 6: write(2), in a loop, until all `length` bytes are written. write may take less than it is given, and says
     * how much: go on behind that. -1: say it with perror(3), and return -1. */
    hole(6);

    return 0;
}

/* One client: sends its bytes back until it has closed its half. */
static void echo(int connection)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = -1;

        /* Hole 5: read(2) into `buffer` what has come; `got` is what read returns. 0 is the end of file: return. -1 is
         * an error, and the end of this client, not of the server: perror(3), and return. */
        hole(5);

        shift(buffer, got);
        if (write_all(connection, buffer, got) == -1)
            return;
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone must not end the server */

    /* Hole 1: socket(2), for a stream of bytes (AF_INET, and which type?). It needs no PORT yet: what you get is a
     * descriptor, nothing more. Each call is checked where it is made. -1 means that it has failed: fail("socket"). */
    int listen_fd = -1;
    hole(1);

    uint16_t port = port_of(argc, argv);
    int on = 1; /* lesson 03 says why */
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        fail("setsockopt");

    /* Hole 2: put `port` and the address INADDR_LOOPBACK into `address`, both in network byte order: htons(3),
     * htonl(3); ip(7) has the names of the fields. Then bind(2) the socket to it. -1: fail("bind"). */
    struct sockaddr_in address = {.sin_family = AF_INET};
    (void)address; /* take these two lines out when you use them */
    (void)port;
    hole(2);

    /* Hole 3: listen(2), with room for 16 that wait. From here on netstat shows LISTEN. -1: fail("listen"). */
    hole(3);

    for (;;) {
        /* Hole 4: accept(2). It waits for a connection and returns a new descriptor for it. -1: fail("accept"). */
        int connection = -1;
        hole(4);

        echo(connection);

        /* Hole 7: shutdown(2) with SHUT_WR: behind the last byte the client reads its end of file. Then close(2):
         * without it we run out of descriptors. It is the connection's end, not the listening socket's. */
        hole(7);
    }
}
