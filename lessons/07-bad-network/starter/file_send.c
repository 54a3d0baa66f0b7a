/* file_send: lesson 07, a file through a bad network. It sends the file's name, waits for the answer `ok`, and sends
 * the content (lesson 09 has more on files).
 *
 *     file_send 10.0.0.2 7000 FILE
 *
 * Fill the holes in the order of their numbers, compile, run with a receiver: the program says which hole it has fallen
 * into.
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
    fprintf(stderr, "file_send: hole %d is not filled: its comment says what to do; or make hint LESSON=7\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "file_send: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* HOST PORT: where the server is. */
static struct sockaddr_in address_of(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *end = NULL;
    long port = argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535 ||
        inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: file_send HOST PORT FILE   (such as 127.0.0.1 7000 letter.txt)\n");
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
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 1: write(2), in a loop, until `length` is 0. What is not acknowledged yet fills the send buffer, and write
     * may take less than it is given: go on behind that. -1: fail("write"). */
    hole(1);
}

/* The receiver's answer has to be ANSWER, byte for byte. */
static void wait_for_ok(int connection)
{
    char answer[sizeof ANSWER - 1] = ""; /* without the zero byte at the end of a string */
    size_t length = 0;
    (void)connection; /* take these two lines out when you use them */
    (void)length;

    /* Hole 2: read(2), in a loop, until all bytes of `answer` are there: TCP does not keep together what was written
     * together, and `o` and `k` may come in two segments. `length` counts them; a 0 before that is the end of file:
     * leave the loop. -1: fail("read"). */
    hole(2);

    if (length != sizeof answer || memcmp(answer, ANSWER, length) != 0) {
        fprintf(stderr, "file_send: the receiver did not answer %s\n", ANSWER);
        exit(1);
    }
}

static void send_content(int connection, int file)
{
    char buffer[4096];
    for (;;) {
        ssize_t got = read(file, buffer, sizeof buffer);

        /* Hole 3: 0 is the end of the file: return. -1: fail("read"). */
        hole(3);

        write_all(connection, buffer, (size_t)got);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in receiver = address_of(argc, argv);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the receiver is gone; the signal would only end us */
    int file = open(argv[3], O_RDONLY);
    if (file == -1)
        fail("open");
    const char *slash = strrchr(argv[3], '/');
    const char *name = slash != NULL ? slash + 1 : argv[3]; /* the receiver need not know our directories */

    int connection = connect_to(receiver);
    write_all(connection, name, strlen(name));
    wait_for_ok(connection);
    send_content(connection, file);

    /* Hole 4: close(2) the connection. The FIN goes behind the last byte; the kernel repeats what gets lost of them,
     * even when this program has ended. */
    hole(4);
    return 0;
}
