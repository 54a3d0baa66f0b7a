/* tcp_client: your first TCP client. It sends one message, or its standard input, and prints what comes back.
 *
 *     tcp_client 127.0.0.1 7000 hello
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

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "tcp_client: hole %d is not filled\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_client: %s: %s\n", operation, strerror(errno));
    exit(1);
}

static void write_all(int fd, const char *data, size_t length)
{
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 2: write(2) all `length` bytes. write may take less than it is given: go on from there. -1: fail("write").
     */
    hole(2);
}

/* Passes bytes on until the end of file. */
static void copy(int from, int to)
{
    char buffer[4096];
    (void)from; /* take these three lines out when you use them */
    (void)to;
    (void)buffer;

    /* Hole 3: read(2) again and again, and write_all what came, as many bytes as read said; 0 is the end of file, -1 an
     * error. */
    hole(3);
}

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    char *end = NULL;
    long port = argc == 3 || argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
        fprintf(stderr, "usage: tcp_client ADDRESS PORT [MESSAGE]   (such as 127.0.0.1 7000 hello)\n");
        return 2;
    }
    server.sin_port = htons((uint16_t)port);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the server is gone; the signal would only end us */

    /* Each call is checked where it is made: -1 means that it has failed. */
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1)
        fail("socket");

    /* Hole 1: connect(2) to `server`. When it returns, the handshake is over. */
    hole(1);

    if (argc == 4)
        write_all(connection, argv[3], strlen(argv[3])); /* these bytes, no newline, no '\0' */
    else
        copy(STDIN_FILENO, connection);

    /* Hole 4: shutdown(2) with SHUT_WR: the server reads its end of file, and we can still read. */
    hole(4);

    copy(connection, STDOUT_FILENO);

    /* Hole 5: close(2) the connection. */
    hole(5);
    return 0;
}
