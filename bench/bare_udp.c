/* bare_udp: datagrams with nothing but the system calls: the limit for udp_echo, and a measure for the wire.
 *
 *     bare_udp echo [ADDR [PORT]]      a server: recvfrom, sendto, again and again, until SIGTERM
 *     bare_udp echo-many [ADDR [PORT]] the same, up to 64 datagrams a call (recvmmsg, sendmmsg: Linux)
 *     bare_udp ping PORT N [ADDR]      N datagrams of 14 bytes, each after the answer to the one before
 *     bare_udp many PORT N [ADDR]      N datagrams, up to 64 under way
 *
 * ADDR is 127.0.0.1 if it is not given, PORT a free one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MANY = 64, SIZE = 14, ROOM = 2048 };

static void check(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

struct batch {
    struct mmsghdr messages[MANY];
    struct iovec pieces[MANY];
    struct sockaddr_in peers[MANY];
    char bytes[MANY][ROOM];
};

/* `with_peer` for a socket that is not connected. */
static void prepare(struct batch *batch, size_t length, int with_peer)
{
    for (int i = 0; i < MANY; i++) {
        batch->pieces[i] = (struct iovec){batch->bytes[i], length};
        batch->messages[i].msg_hdr = (struct msghdr){.msg_iov = &batch->pieces[i], .msg_iovlen = 1};
        if (with_peer) {
            batch->messages[i].msg_hdr.msg_name = &batch->peers[i];
            batch->messages[i].msg_hdr.msg_namelen = sizeof batch->peers[i];
        }
    }
}

static struct sockaddr_in address_of(const char *text, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)(port ? strtol(port, NULL, 10) : 0));
    check(text == NULL || inet_pton(AF_INET, text, &address.sin_addr) == 1, "address");
    return address;
}

static int bound_socket(const char *text, const char *port)
{
    struct sockaddr_in address = address_of(text, port);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    check(fd != -1 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    check(getsockname(fd, (struct sockaddr *)&address, &size) == 0, "getsockname");
    printf("listening on %s:%u\n", text ? text : "127.0.0.1", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void echo(int fd)
{
    char buffer[ROOM];
    for (;;) {
        struct sockaddr_in peer;
        socklen_t size = sizeof peer;
        ssize_t got = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&peer, &size);
        check(got != -1, "recvfrom");
        check(sendto(fd, buffer, (size_t)got, 0, (struct sockaddr *)&peer, size) == got, "sendto");
    }
}

static void echo_many(int fd, struct batch *batch)
{
    for (;;) {
        prepare(batch, ROOM, 1);
        int got = recvmmsg(fd, batch->messages, MANY, MSG_WAITFORONE, NULL);
        check(got > 0, "recvmmsg");
        for (int i = 0; i < got; i++)
            batch->pieces[i].iov_len = batch->messages[i].msg_len;
        check(sendmmsg(fd, batch->messages, (unsigned)got, 0) == got, "sendmmsg");
    }
}

static int connected_socket(const char *port, const char *text)
{
    struct sockaddr_in address = address_of(text, port);
    struct timeval patience = {.tv_sec = 2};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    check(fd != -1 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience); /* a lost one ends it */
    return fd;
}

static void ping(int fd, long count)
{
    char bytes[SIZE] = "ping";
    while (count-- > 0) {
        check(send(fd, bytes, SIZE, 0) == SIZE, "send");
        check(recv(fd, bytes, SIZE, 0) == SIZE, "recv");
    }
}

static void many(int fd, long count, struct batch *batch)
{
    while (count > 0) {
        unsigned wanted = count < MANY ? (unsigned)count : MANY, back = 0;
        prepare(batch, SIZE, 0);
        check(sendmmsg(fd, batch->messages, wanted, 0) == (int)wanted, "sendmmsg");
        while (back < wanted) {
            int got = recvmmsg(fd, batch->messages, wanted - back, MSG_WAITFORONE, NULL);
            check(got > 0, "recvmmsg");
            back += (unsigned)got;
        }
        count -= wanted;
    }
}

int main(int argc, char **argv)
{
    static struct batch batch;
    const char *what = argc > 1 ? argv[1] : "";
    if (argc >= 2 && argc <= 4 && strcmp(what, "echo") == 0)
        echo(bound_socket(argv[2], argc > 3 ? argv[3] : NULL));
    else if (argc >= 2 && argc <= 4 && strcmp(what, "echo-many") == 0)
        echo_many(bound_socket(argv[2], argc > 3 ? argv[3] : NULL), &batch);
    else if ((argc == 4 || argc == 5) && strcmp(what, "ping") == 0)
        ping(connected_socket(argv[2], argv[4]), strtol(argv[3], NULL, 10));
    else if ((argc == 4 || argc == 5) && strcmp(what, "many") == 0)
        many(connected_socket(argv[2], argv[4]), strtol(argv[3], NULL, 10), &batch);
    else
        return fprintf(stderr, "usage: bare_udp echo | echo-many [ADDR [PORT]]; ping | many PORT N [ADDR]\n"), 2;
    return 0;
}
