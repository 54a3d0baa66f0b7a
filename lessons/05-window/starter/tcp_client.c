/* tcp_client: lesson 05. It reads while it writes, so that its standard input may be of any length.
 *
 *     tcp_client 127.0.0.1 7000 hello        tcp_client 127.0.0.1 7000 < sent.bin > back.bin
 *
 * poll says what can be done at once, and that is done. Fill the holes in the order of their numbers, compile, run with
 * a server: the program says which hole it has fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "tcp_client: hole %d is not filled: its comment says what to do; or make hint LESSON=5\n", number);
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

/* What is to be sent: `length` bytes at `data`, and then what comes from `input`, which is -1 if nothing does. */
struct outgoing {
    const char *data;
    size_t length;
    int input;
    char buffer[16384];
};

/* Reads on where all that was there has been sent. */
static void refill(struct outgoing *out)
{
    ssize_t got = read(out->input, out->buffer, sizeof out->buffer);
    if (got == -1)
        fail("read");
    if (got == 0)
        out->input = -1;
    out->data = out->buffer;
    out->length = (size_t)got;
}

/* Writes what fits into the send buffer now. */
static void send_some(int connection, struct outgoing *out)
{
    ssize_t written = write(connection, out->data, out->length);

    /* Hole 4: -1 and EAGAIN (write(2)): nothing fitted, poll will tell us again: return. -1 and anything else:
     * fail("write"). Else `written` bytes have gone, perhaps not all: out->data and out->length are what is left. */
    (void)written; /* take this line out when you use it */
    hole(4);
}

static void print(const char *data, size_t length)
{
    if (fwrite(data, 1, length, stdout) < length || fflush(stdout) == EOF)
        fail("write");
}

/* Prints what has come. Returns 0 at the end of file, else 1. */
static int print_some(int connection)
{
    char buffer[16384];
    ssize_t got = -1;

    /* Hole 5: read(2) into `buffer`; `got` is what it returns. 0: return 0. -1 and EAGAIN: there was nothing after all,
     * return 1. -1 and anything else: fail("read"). */
    (void)connection; /* take this line out when you use it */
    hole(5);

    print(buffer, (size_t)got);
    return 1;
}

/* Sends and prints at the same time, until the server has closed its half. */
static void exchange(int connection, struct outgoing *out)
{
    int half_closed = 0;
    for (;;) {
        if (out->length == 0 && out->input == -1 && !half_closed) {
            shutdown(connection, SHUT_WR); /* if it fails, read will say why */
            half_closed = 1;
        }

        /* Hole 2: what are we waiting for? .events of server: POLLIN, always; and POLLOUT as long as there is something
         * to send (not longer: mostly there is room, and poll would not wait at all). input has its POLLIN already; set
         * its .fd to out->input when out->length is 0, and else leave it: a negative one is ignored. */
        struct pollfd server = {.fd = connection};
        struct pollfd input = {.fd = -1, .events = POLLIN};
        hole(2);

        /* Hole 3: poll(2) for both, without a time-out. It wants an array: `ready`. -1: fail("poll"). */
        struct pollfd ready[2] = {server, input};
        hole(3);

        if (ready[1].revents != 0)
            refill(out);
        if (ready[0].revents & POLLOUT)
            send_some(connection, out);
        if (ready[0].revents & (POLLIN | POLLHUP | POLLERR) && print_some(connection) == 0)
            return;
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in server = address_of(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the server is gone; the signal would only end us */
    int connection = connect_to(server);

    /* Hole 1: from now on neither read nor write of the connection may wait, so that we never wait for the wrong one.
     * fcntl(2): F_GETFL gives the flags that are set, F_SETFL sets them; add O_NONBLOCK. -1: fail("fcntl"). */
    hole(1);

    struct outgoing out = {.input = STDIN_FILENO};
    if (argc == 4) {
        out.data = argv[3]; /* these bytes, no newline, no '\0' */
        out.length = strlen(argv[3]);
        out.input = -1;
    }
    exchange(connection, &out);
    close(connection);
    return 0;
}
