/* tcp_server: your first TCP server. It sends back every byte that a client sends, one client at a time.
 *
 *     tcp_server 7000
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
    fprintf(stderr, "tcp_server: hole %d is not filled\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_server: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* One client: sends its bytes back until it has closed its half. */
static void echo(int connection)
{
    char buffer[4096];
    (void)connection; /* take these two lines out when you use them */
    (void)buffer;

    /* Hole 4: read(2) what has come, again and again, until read returns 0 (the client has sent all) or -1. An error is
     * the end of this client, not of the server: say it with perror and return. */
    hole(4);

    /* Hole 5, within that loop: write(2) back what was read. write may take less than it is given: go on from there
     * until all is written. -1: perror, return. */
    hole(5);

    /* Hole 6, behind the loop: after 0, shutdown(2) with SHUT_WR. Our FIN follows the last byte. */
    hole(6);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535) {
        fprintf(stderr, "usage: tcp_server PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone must not end the server */

    /* Each call is checked where it is made: -1 means that it has failed. */
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1)
        fail("socket");
    int on = 1;
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* lesson 03 says why */

    /* Hole 1: a struct sockaddr_in with the family, the port and the address INADDR_LOOPBACK, both in network byte
     * order (htons, htonl); and bind(2) with it. */
    hole(1);

    /* Hole 2: listen(2). From here on netstat shows LISTEN. */
    hole(2);

    for (;;) {
        /* Hole 3: accept(2). It waits for a connection and returns a new descriptor for it. */
        int connection = -1;
        hole(3);

        echo(connection);

        /* Hole 7: close(2) the connection. Without it the client waits for ever, and we run out of descriptors. */
        hole(7);
    }
}
