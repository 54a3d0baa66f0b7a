/* udp_echo: your first UDP program, with two roles. The server sends each datagram back to whoever sent it; the client
 * asks once, up to three times, and prints the answer.
 *
 *     udp_echo -l 7000                     udp_echo -b 127.0.0.2 -l 7000
 *     udp_echo 127.0.0.1 7000 hello
 *
 * Fill the holes in the order of their numbers, compile, run: the program says which hole it has fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "variant.h"

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "udp_echo: hole %d is not filled: its comment says what to do; or make hint LESSON=6\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "udp_echo: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* The address that these two words name; the family stays 0 if they name none. */
static struct sockaddr_in address_of(const char *host, const char *port)
{
    struct sockaddr_in address = {0};
    char *end = NULL;
    long number = strtol(port, &end, 10);
    if (*end == '\0' && number >= 1 && number <= 65535 && inet_pton(AF_INET, host, &address.sin_addr) == 1) {
        address.sin_family = AF_INET;
        address.sin_port = htons((uint16_t)number);
    }
    return address;
}

/* One socket for all clients, for ever: each datagram says where it came from. */
static void serve(int fd)
{
    static char buffer[65536]; /* every datagram fits, so that nothing is cut off */
    for (;;) {
        struct sockaddr_in client;
        socklen_t client_size = sizeof client;
        ssize_t got = -1;
        (void)fd; /* take these three lines out when you use them */
        (void)client;
        (void)client_size;

        /* Hole 3: recvfrom(2) the next datagram into `buffer`, and its sender's address into `client`. `got` is what it
         * returns. -1: say it with perror, and go on with the next one. 0 is no end, but a datagram without a byte. */
        hole(3);

        for (ssize_t i = 0; i < got; i++)
            buffer[i] = (char)(buffer[i] + SHIFT);

        /* Hole 4: sendto(2) these bytes, as many as have come, to where they came from. -1: perror, and go on. */
        hole(4);
    }
}

/* Sends the message and waits for something to come back, for a second; three times in all. */
static void ask(int fd, const char *message)
{
    (void)fd; /* take these two lines out when you use them */
    (void)message;

    /* Hole 6: in a loop, send(2) the message as one datagram, without its '\0', and wait with poll(2) until the socket
     * can be read (POLLIN), for 1000 ms. If poll says 1, return. -1 of either call: fail(). After the third try: a
     * message on stderr, and exit(1). */
    hole(6);
}

/* Prints the one datagram that waits, and a newline. */
static void print_answer(int fd)
{
    static char buffer[65536];
    ssize_t got = -1;
    (void)fd; /* take these two lines out when you use them */
    (void)got;

    /* Hole 7: recv(2) the answer. -1: fail("recv"); "Connection refused" is told here. */
    hole(7);

    fwrite(buffer, 1, (size_t)got, stdout);
    putchar('\n');
}

int main(int argc, char **argv)
{
    /* Hole 1: socket(2). Both roles need the same one: AF_INET, and the type that is for datagrams. */
    int fd = -1;
    hole(1);
    if (fd == -1)
        fail("socket");

    struct sockaddr_in address = {0};
    const char *message = NULL;
    if (argc == 3 && strcmp(argv[1], "-l") == 0)
        address = address_of("127.0.0.1", argv[2]);
    else if (argc == 5 && strcmp(argv[1], "-b") == 0 && strcmp(argv[3], "-l") == 0)
        address = address_of(argv[2], argv[4]);
    else if (argc == 4) {
        address = address_of(argv[1], argv[2]);
        message = argv[3];
    }
    if (address.sin_family != AF_INET) {
        fprintf(stderr, "usage: udp_echo [-b ADDRESS] -l PORT, or udp_echo ADDRESS PORT MESSAGE\n");
        return 2;
    }

    if (message == NULL) {
        /* Hole 2: bind(2) the socket to `address`. -1: fail("bind"). There is no listen and no accept; from here on
         * netstat -anu shows it. */
        hole(2);

        serve(fd);
    } else {
        /* Hole 5: connect(2) the socket to `address`. Nothing is sent; but from now on only what comes from there is
         * received, and we are told when nobody has that port. -1: fail("connect"). */
        hole(5);

        ask(fd, message);
        print_answer(fd);
        close(fd);
    }
    return 0;
}
