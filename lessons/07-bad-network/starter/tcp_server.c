/* tcp_server: lesson 07, TCP on a bad network. The kernel repeats and sorts; what is left for us is to take the bytes
 * as they come, in amounts of any size.
 *
 *     tcp_server [-b ADDR] 7000
 *
 * Fill the holes in the order of their numbers, compile, run, and let a client come: the program says which hole it has
 * fallen into.
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
    fprintf(stderr, "tcp_server: hole %d is not filled: its comment says what to do; or make hint LESSON=7\n", number);
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

/* Sends all of it. -1: this client is gone. */
static int write_all(int fd, const char *data, ssize_t length)
{
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 2: write(2), in a loop, until `length` is 0. What is not acknowledged yet fills the send buffer, and write
     * may take less than it is given: go on behind that. -1: perror(3), and return -1. */
    hole(2);

    return 0;
}

static void echo(int connection)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = -1;

        /* Hole 1: read(2) into `buffer`; `got` is what it returns: as much as has come in order, which is seldom what
         * was written in one go. Only 0 is the end: return. -1: perror(3), and return. */
        hole(1);

        shift(buffer, got);
        if (write_all(connection, buffer, got) == -1)
            return;
    }
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
        echo(connection);

        /* Hole 3: shutdown(2) with SHUT_WR, and close(2). Our FIN may be lost like any other segment: the kernel
         * repeats it, also after the close. */
        hole(3);
    }
}
