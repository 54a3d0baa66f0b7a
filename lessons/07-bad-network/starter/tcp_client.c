/* tcp_client: lesson 07, TCP on a bad network. Everything arrives, once and in order, but not when and not as it was
 * written.
 *
 *     tcp_client 10.0.0.2 7000 hello
 *
 * Fill the holes in the order of their numbers, compile, run with a server: the program says which hole it has fallen
 * into.
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

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "tcp_client: hole %d is not filled: its comment says what to do; or make hint LESSON=7\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_client: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* HOST PORT: where the server is. */
static struct sockaddr_in address_of(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *end = NULL;
    long port = argc == 3 || argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535 ||
        inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: tcp_client HOST PORT [MESSAGE]   (such as 127.0.0.1 7000 hello)\n");
        exit(2);
    }
    address.sin_port = htons((uint16_t)port);
    return address;
}

static int connect_to(struct sockaddr_in address)
{
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1)
        fail("socket");
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == -1)
        fail("connect");
    return connection;
}

static void write_all(int fd, const char *data, size_t length)
{
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 1: write(2), in a loop, until `length` is 0. What is not acknowledged yet fills the send buffer, and write
     * may take less than it is given: go on behind that. -1: fail("write"). */
    hole(1);
}

/* Passes bytes on until the end of file. */
static void copy(int from, int to)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);

        /* Hole 3: `got` is as much as has come in order: one byte or many, and no message's end. Only 0 says that this
         * was all: return. -1: fail("read"). */
        hole(3);

        write_all(to, buffer, (size_t)got);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in server = address_of(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the server is gone; the signal would only end us */
    int connection = connect_to(server);
    if (argc == 4)
        write_all(connection, argv[3], strlen(argv[3])); /* these bytes, no newline, no '\0' */
    else
        copy(STDIN_FILENO, connection);

    /* Hole 2: shutdown(2) with SHUT_WR. The FIN has a number as the bytes have, and is repeated until it is
     * acknowledged: the server learns the end in any case. -1: fail("shutdown"). */
    hole(2);

    copy(connection, STDOUT_FILENO);
    close(connection);
    return 0;
}
