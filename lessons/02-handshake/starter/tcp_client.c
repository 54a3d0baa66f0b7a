/* tcp_client: lesson 02. It asks for a connection, says why there is none, and needs nobody to have accepted it.
 *
 *     tcp_client 127.0.0.1 7000 hello
 *
 * Writing and reading are lesson 01's. Fill the holes in the order of their numbers, compile, run: the program says
 * which hole it has fallen into.
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
    fprintf(stderr, "tcp_client: hole %d is not filled: its comment says what to do; or make hint LESSON=2\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_client: %s: %s\n", operation, strerror(errno));
    exit(1);
}

static void usage(void)
{
    fprintf(stderr, "usage: tcp_client HOST PORT [MESSAGE]   (such as 127.0.0.1 7000 hello)\n");
    exit(2);
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

/* Passes bytes on until the end of file. */
static void copy(int from, int to)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0)
        write_all(to, buffer, (size_t)got);
    if (got == -1)
        fail("read");
}

/* The handshake with `host`, port `port`. Returns the connection; without one the program ends. */
static int connect_to(const char *host, long port)
{
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1)
        fail("socket");

    /* Hole 1: the address to connect to. `port` goes into server.sin_port in network byte order, htons(3); inet_pton(3)
     * puts `host` into server.sin_addr, and returns 1 if it was an address. If not: usage(). */
    struct sockaddr_in server = {.sin_family = AF_INET};
    (void)server; /* take this line out when you use it */
    hole(1);

    /* Hole 2: connect(2) to `server`, a struct sockaddr_in: the call wants a pointer of another type, and the size.
     * `result` is what it returns: our SYN has been answered, or it has not. */
    int result = -1;
    hole(2);

    /* Hole 3: -1 means that there is no connection. Say on stderr what failed, for which address and port, and why
     * (strerror(3) of errno: refused and timed out are different findings); then exit(1). */
    (void)result; /* take these three lines out when you use them */
    (void)host;
    (void)port;
    hole(3);

    return connection;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 3 || argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535)
        usage();
    signal(SIGPIPE, SIG_IGN); /* write tells us that the server is gone; the signal would only end us */

    int connection = connect_to(argv[1], port);

    /* The kernels have made the connection. Whether the server has accepted it we do not know, and need not: we write,
     * half-close, and wait in read. */
    if (argc == 4)
        write_all(connection, argv[3], strlen(argv[3])); /* these bytes, no newline, no '\0' */
    else
        copy(STDIN_FILENO, connection);

    /* Hole 4: shutdown(2) with SHUT_WR: that was all. It does not wait for the server either. -1: fail("shutdown"). */
    hole(4);

    copy(connection, STDOUT_FILENO);
    close(connection);
    return 0;
}
