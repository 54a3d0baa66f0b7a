/* tcp_client: lesson 03. It closes its half first, and the rest when the server has closed the other.
 *
 *     tcp_client 127.0.0.1 7000 hello
 *
 * Opening and writing are the earlier lessons'. Fill the holes in the order of their numbers, compile, run with a
 * server: the program says which hole it has fallen into.
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
    fprintf(stderr, "tcp_client: hole %d is not filled: its comment says what to do; or make hint LESSON=3\n", number);
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
    while (length > 0) { /* write may take less than it is given */
        ssize_t written = write(fd, data, length);
        if (written == -1)
            fail("write");
        data += written;
        length -= (size_t)written;
    }
}

/* Sends what stands on standard input. */
static void send_input(int connection)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
        write_all(connection, buffer, (size_t)got);
    if (got == -1)
        fail("read");
}

/* Prints all that comes back. */
static void print_answer(int connection)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = read(connection, buffer, sizeof buffer);

        /* Hole 2: what does it mean that `got` is 0 (read(2))? Only this says that the server has sent all: return. */
        hole(2);

        /* Hole 3: -1 is no end of file but an error (ECONNRESET: there will be no more, though there should have been):
         * fail("read"). */
        hole(3);

        write_all(STDOUT_FILENO, buffer, (size_t)got);
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
        send_input(connection);

    /* Hole 1: close our half, and only ours: shutdown(2), which of the three ways? It sends our FIN: FIN_WAIT1, and
     * FIN_WAIT2 as soon as it is acknowledged. close(2) would be too much: nothing could be read any more. -1:
     * fail("shutdown"). */
    hole(1);

    print_answer(connection);

    /* Hole 4: close(2) the descriptor. Both FINs have been sent by now, ours first: who is in TIME_WAIT? */
    hole(4);
    return 0;
}
