/* tcp_server: lesson 04. Clients that reset, that leave before their turn, that close and do not read: each ends its
 * own connection, and nothing else.
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
    fprintf(stderr, "tcp_server: hole %d is not filled: its comment says what to do; or make hint LESSON=4\n", number);
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
    while (length > 0) {
        ssize_t written = write(fd, data, (size_t)length);

        /* Hole 4: -1, and errno is ECONNRESET or EPIPE (write(2)): the client has reset the connection while we were
         * sending. What is left to send has nobody to go to. Say it with perror(3), and return -1. */
        hole(4);

        data += written;
        length -= written;
    }
    return 0;
}

/* Your variant: a client has asked for STATE (variant.h). Brings our end of its connection there, and returns. */
static void bring_to_state(int connection)
{
    (void)connection; /* take this line out when you use it */

    /* Hole 6: only if you have a seed; if not, take the line below out. Which of these three is your STATE?
     *
     *   CLOSE_WAIT   the client half-closes, and waits: read up to its FIN, and send none
     *   FIN_WAIT2    the client does not close: our FIN comes first, and its kernel acknowledges it
     *   LAST_ACK     the client half-closes, and reads nothing: 100,000 bytes are more than its window takes, and
     * behind them our FIN has to wait
     *
     * read(2), write_all(), shutdown(2); no close(2). */
    hole(6);
}

/* One client, until one of the two ends it. 0: it has closed its half, and has been sent all. -1: there is no
 * connection any more. 1: it has asked for STATE, and stays there. */
static int echo(int connection)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = read(connection, buffer, sizeof buffer);

        /* Hole 2: -1, and errno is ECONNRESET (tcp(7) and read(2)): the client's RST has come, and the state is CLOSED.
         * Say it with perror(3), and return -1. The next client is not concerned: do not exit. */
        hole(2);

        /* Hole 3: 0: the client's FIN has come, and the state is CLOSE_WAIT. It waits for us: return 0. */
        hole(3);

        if (got == (ssize_t)strlen(ASK) && memcmp(buffer, ASK, strlen(ASK)) == 0 && strcmp(STATE, "none") != 0) {
            bring_to_state(connection);
            return 1;
        }
        shift(buffer, got);
        if (write_all(connection, buffer, got) == -1)
            return -1;
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = address_of(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone must not end the server */
    int listen_fd = listen_on(address);
    int held = -1; /* a connection that stays in STATE while the next clients are served, until another one asks */

    for (;;) {
        int connection = accept(listen_fd, NULL, NULL);

        /* Hole 1: -1 may concern one client alone: ECONNABORTED says that it went away while it waited for its turn,
         * and EINTR that a signal came (accept(2), ERRORS). Then go on with the next one; else fail("accept"). (Linux
         * hands out most connections that were reset meanwhile: there read says it.) */
        hole(1);

        int result = echo(connection);
        if (result == 1) {
            if (held != -1)
                close(held);
            held = connection;
            continue;
        }

        /* Hole 5: after 0 our half: shutdown(2) with SHUT_WR. Our FIN goes behind what waits in the Send-Q, and the
         * state is LAST_ACK until the client has read that and acknowledged the FIN: the kernel sees to it, we need not
         * wait. In any case close(2). No SO_LINGER: the data would be thrown away. */
        (void)result; /* take this line out when you use it */
        hole(5);
    }
}
