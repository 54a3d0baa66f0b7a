/* tcp_server: lesson 03. It ends its connections in order, and itself when it is told to, and can start again at once.
 *
 *     tcp_server [-b ADDR] 7000
 *
 * Opening is lesson 02's. Fill the holes in the order of their numbers, compile, run: the program says which hole it
 * has fallen into; for the later ones it needs a client.
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
    fprintf(stderr, "tcp_server: hole %d is not filled: its comment says what to do; or make hint LESSON=3\n", number);
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

/* A handler. Our sockets are closed by the kernel, which does that for every program that ends. */
static void end(int signal)
{
    (void)signal;
    _exit(0);
}

static void set_up_signals(void)
{
    /* Hole 1: who writes to a connection that the other end has reset gets SIGPIPE, and SIGPIPE ends a program. Ignore
     * it: signal(2) with SIG_IGN. write then returns -1, and errno says EPIPE. */
    hole(1);

    /* Hole 2: SIGTERM and SIGINT end the server: let both call `end`, with sigaction(2). A handler that only sets a
     * flag would not do: this program waits in accept and read. */
    struct sigaction action = {.sa_handler = end};
    (void)action; /* take this line out when you use it */
    hole(2);
}

static int listen_on(struct sockaddr_in address)
{
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1)
        fail("socket");

    /* Hole 3: connections of the server before us may be in TIME_WAIT, and then bind fails. setsockopt(2) with the
     * option SO_REUSEADDR (socket(7), level SOL_SOCKET), an int that is 1, allows it. -1: fail("setsockopt"). */
    hole(3);

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

/* One client: sends its bytes back until it has closed its half, then closes ours. */
static void echo(int connection)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = read(connection, buffer, sizeof buffer);
        if (got == -1) { /* a reset, for example: there is no connection any more */
            perror("tcp_server: read");
            return;
        }

        /* Hole 4: what does it mean that `got` is 0 (read(2))? netstat shows CLOSE_WAIT now. Leave the loop then: read
         * would return 0 for ever. */
        hole(4);

        shift(buffer, got);
        if (write_all(connection, buffer, got) == -1)
            return;
    }

    /* Hole 5: now our half: shutdown(2) with SHUT_WR sends our FIN behind all that we have written. That the client is
     * gone already is no error of ours: do not end the server. */
    hole(5);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = address_of(argc, argv);
    set_up_signals();
    int listen_fd = listen_on(address);

    for (;;) {
        int connection = accept(listen_fd, NULL, NULL);
        if (connection == -1)
            fail("accept");
        echo(connection);

        /* Hole 6: close(2) the connection, however echo came to its end. If you forget it, in which state does it stay,
         * and for how long? */
        hole(6);
    }
}
