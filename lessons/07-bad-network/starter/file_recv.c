/* file_recv: lesson 07, a file through a bad network. It reads the file's name, answers `ok`, and writes down what
 * comes (lesson 09 has more on files). One transfer, and it ends.
 *
 *     file_recv [-b ADDR] 7000
 *
 * Fill the holes in the order of their numbers, compile, run, and let a sender come: the program says which hole it has
 * fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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
    fprintf(stderr, "file_recv: hole %d is not filled: its comment says what to do; or make hint LESSON=7\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "file_recv: %s: %s\n", operation, strerror(errno));
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
        fprintf(stderr, "usage: file_recv [-b ADDR] PORT   (such as -b 127.0.0.2 7000)\n");
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

/* Opens the file whose name comes first, and answers. The name is one short write, and comes in one segment. */
static int open_file(int connection)
{
    char name[256];
    ssize_t got = read(connection, name, sizeof name - 1);
    if (got == -1)
        fail("read");
    name[got] = '\0';
    int file = -1;
    if (got > 0 && memchr(name, '/', (size_t)got) == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file == -1) {
        fprintf(stderr, "file_recv: no file of that name can be made\n");
        exit(1);
    }
    if (write(connection, ANSWER, sizeof ANSWER - 1) != sizeof ANSWER - 1)
        fail("write");
    return file;
}

static void write_all(int fd, const char *data, ssize_t length)
{
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 2: write(2), in a loop, until `length` is 0: to a file, too, it may take less than it is given (a disk that
     * is nearly full). Go on behind that. -1: fail("write"). */
    hole(2);
}

static void receive(int connection, int file)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = -1;
        (void)connection; /* take this line out when you use it */

        /* Hole 1: read(2) into `buffer`; `got` is what it returns: as much as has come in order, one byte or many. Only
         * 0 is the end of the file: return. -1: fail("read"). */
        hole(1);

        write_all(file, buffer, got);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = address_of(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the sender is gone; the signal would only end us */
    int listen_fd = listen_on(address);

    int connection = accept(listen_fd, NULL, NULL);
    if (connection == -1)
        fail("accept");
    int file = open_file(connection);
    receive(connection, file);

    /* Hole 3: close(2) the file, and then the connection, in this order: to the sender our FIN says that the file is
     * whole. -1 of the file's close is an error like write's: fail("close"). */
    hole(3);
    return 0;
}
