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
    fprintf(stderr, "tcp_client: hole %d is not filled: its comment says what to do; or make hint LESSON=1\n", number);
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

static void write_all(int fd, const char *data, size_t length)
{
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 3: write(2), in a loop, until all `length` bytes are written. write may take less than it is given, and says
     * how much: go on behind that. -1: fail("write"). */
    hole(3);
}

/* Passes bytes on until the end of file. */
static void copy(int from, int to)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = -1;
        (void)from; /* take this line out when you use it */

        /* Hole 5: read(2) into `buffer` what has come; `got` is what read returns. 0 is the end of file: return. -1 is
         * an error: fail("read"). */
        hole(5);

        write_all(to, buffer, (size_t)got);
    }
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* write tells us that the server is gone; the signal would only end us */

    /* Hole 1: socket(2), for a stream of bytes (AF_INET, and which type?). It needs no HOST and PORT yet: what you get
     * is a descriptor, nothing more. Each call is checked where it is made. -1 means that it has failed:
     * fail("socket"). */
    int connection = -1;
    hole(1);

    struct sockaddr_in server = address_of(argc, argv);
    (void)server; /* take this line out when you use it */

    /* Hole 2: connect(2) the socket to `server`. When it returns 0 the handshake is over. -1: fail("connect"). */
    hole(2);

    if (argc == 4)
        write_all(connection, argv[3], strlen(argv[3])); /* these bytes, no newline, no '\0' */
    else
        copy(STDIN_FILENO, connection);

    /* Hole 4: shutdown(2) with SHUT_WR: the server reads its end of file, and we can still read. */
    hole(4);

    copy(connection, STDOUT_FILENO);
    if (close(connection) == -1)
        fail("close");
    return 0;
}
