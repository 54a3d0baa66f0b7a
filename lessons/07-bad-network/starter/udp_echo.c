/* udp_echo: lesson 07, UDP on a bad network. The client asks again when no answer comes, and believes nobody but its
 * server; the server answers each datagram as it comes.
 *
 *     udp_echo [-b ADDR] -l 7000        udp_echo 10.0.0.2 7000 hello
 *
 * Opening is lesson 06's. Fill the holes in the order of their numbers, compile, run: the program says which hole it
 * has fallen into. Holes 1 to 4 are the client's, 5 is the server's.
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
    fprintf(stderr, "udp_echo: hole %d is not filled: its comment says what to do; or make hint LESSON=7\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "udp_echo: %s: %s\n", operation, strerror(errno));
    exit(1);
}

static void usage(void)
{
    fprintf(stderr, "usage: udp_echo [-b ADDR] -l PORT, or udp_echo HOST PORT MESSAGE\n");
    exit(2);
}

static struct sockaddr_in address_of(const char *host, const char *port_word)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *end = NULL;
    long port = strtol(port_word, &end, 10);
    if (*end != '\0' || port < 1 || port > 65535 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
        usage();
    address.sin_port = htons((uint16_t)port);
    return address;
}

/* Your variant: SHIFT (variant.h) is added to each byte. Without a seed it is 0, and the bytes stay as they came. */
static void shift(char *data, ssize_t length)
{
    for (ssize_t at = 0; at < length; at++)
        data[at] = (char)(data[at] + SHIFT);
}

/* One socket for all clients: each datagram says where it came from. */
static void serve(int fd)
{
    static char buffer[65536]; /* every datagram fits */
    for (;;) {
        struct sockaddr_in client;
        socklen_t size = sizeof client;
        ssize_t got = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&client, &size);
        if (got == -1) {
            perror("udp_echo: recvfrom");
            continue;
        }
        shift(buffer, got);

        /* Hole 5: sendto(2) the bytes that came, `got` of them, to where they came from. The network may have doubled
         * the datagram or have let a later one overtake it: we can't know, and answer each as it comes. -1 concerns
         * this client alone: perror(3). */
        hole(5);
    }
}

/* Prints the answer that waits, and a newline. */
static void print_answer(int fd)
{
    static char buffer[65536];
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got == -1)
        fail("recv"); /* "Connection refused": nobody has that port */
    fwrite(buffer, 1, (size_t)got, stdout);
    putchar('\n');
}

/* Sends the message, and again if nothing comes back: question or answer was lost, we can't know which. */
static void ask(int fd, const char *message)
{
    for (int try = 1; try <= 3; try++) {
        /* Hole 2: send(2) the message as one datagram, without its '\0'. -1: fail("send"). */
        (void)message; /* take this line out when you use it */
        hole(2);

        /* Hole 3: poll(2), for a second at most, until the socket can be read (POLLIN). `ready` is what it returns: 1
         * if an answer is there, 0 if the time is over. -1: fail("poll"). */
        int ready = -1;
        hole(3);

        if (ready == 1) {
            print_answer(fd);
            return;
        }
    }

    /* Hole 4: three times no answer. Say so on stderr, and exit(1): UDP tells nobody, so we have to. */
    hole(4);
}

int main(int argc, char **argv)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd == -1)
        fail("socket");

    int with_address = argc == 5 && strcmp(argv[1], "-b") == 0;
    if (argc >= 3 && strcmp(argv[argc - 2], "-l") == 0 && (argc == 3 || with_address)) {
        struct sockaddr_in own = address_of(with_address ? argv[2] : "127.0.0.1", argv[argc - 1]);
        if (bind(fd, (struct sockaddr *)&own, sizeof own) == -1)
            fail("bind");
        serve(fd);
    }
    if (argc != 4)
        usage();
    struct sockaddr_in server = address_of(argv[1], argv[2]);
    (void)server; /* take this line out when you use it */

    /* Hole 1: connect(2) the socket to `server`. No packet is sent; but from now on only what comes from this address
     * and port is received, and a stranger's answer is dropped (udp(7)). -1: fail("connect"). */
    hole(1);

    ask(fd, argv[3]);
    close(fd);
    return 0;
}
