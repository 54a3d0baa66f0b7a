/* tcp_client: lesson 04. It stays in FIN_WAIT2 as long as the server does not close, and tells a reset from an end.
 *
 *     tcp_client 127.0.0.1 7000 hello
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
    fprintf(stderr, "tcp_client: hole %d is not filled: its comment says what to do; or make hint LESSON=4\n", number);
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
    while (length > 0) {
        ssize_t written = -1;
        (void)fd; /* take these two lines out when you use them */
        (void)data;

        /* Hole 1: write(2) what is left; `written` is what it returns. -1: there is nobody to write to any more (EPIPE
         * or ECONNRESET; for a file, a disk may be full): fail("write"). */
        hole(1);

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

/* Prints all that comes back, and waits in FIN_WAIT2 for the server's FIN. */
static void print_answer(int connection)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = -1;

        /* Hole 3: read(2) into `buffer`; `got` is what it returns. 0 is the server's FIN, and the only good end:
         * return. Whatever came before may have been a part only, however long we wait for the rest. */
        (void)connection; /* take this line out when you use it */
        hole(3);

        /* Hole 4: -1 is a reset (ECONNRESET), in the middle of the answer. The bytes so far look like a whole one, so
         * say that they are not: fail("read"), which ends with 1. */
        hole(4);

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

    /* Hole 2: shutdown(2) with SHUT_WR: our FIN. We are in FIN_WAIT1 until it is acknowledged, and then in FIN_WAIT2,
     * in which we can read. After close(2) the kernel would leave FIN_WAIT2 by itself after a minute, and reset what
     * comes. -1: fail("shutdown"). */
    hole(2);

    print_answer(connection);
    close(connection);
    return 0;
}
