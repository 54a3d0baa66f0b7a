/* file_send: the sender of a file: its name, the wait for the answer, the content, the end.
 *
 *     file_send 127.0.0.1 7000 shelf/notes.txt
 *
 * Fill the holes in the order of their numbers, compile, run: the program says which hole it has fallen into.
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
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "variant.h"

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "file_send: hole %d is not filled: its comment says what to do; or make hint LESSON=9\n", number);
    exit(1);
}

static void fail(const char *operation, const char *object)
{
    fprintf(stderr, "file_send: %s %s: %s\n", operation, object, strerror(errno));
    exit(1);
}

/* A message without a reason of the kernel's. */
static void refuse(const char *object, const char *reason)
{
    fprintf(stderr, "file_send: %s: %s\n", object, reason);
    exit(1);
}

/* Opens the file before anybody is bothered with its name. */
static int open_file(const char *path)
{
    struct stat about = {0};
    int file = -1;

    /* Hole 1: open(2) the file for reading. -1: fail("open", path). */
    hole(1);

    if (fstat(file, &about) == -1) /* of what is open, for certain, whatever its name leads to now */
        fail("stat", path);
    if (S_ISDIR(about.st_mode))
        refuse(path, "a directory can't be sent");
    return file;
}

/* Waits for the answer: ANSWER, and nothing but that. */
static void await_answer(int connection, const char *name)
{
    char answer[100];
    size_t had = 0;
    struct timeval limit = {.tv_sec = 10};
    if (setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == -1) /* then read says -1, EAGAIN */
        fail("bound the wait for", "the answer");
    (void)answer; /* take these three lines out when you use them */
    (void)had;
    (void)name;

    /* Hole 3: read(2) into `answer`, behind the `had` bytes that are there, until there are as many as ANSWER has: they
     * may come one by one. 0 is the end of file: no more will come, stop. -1: fail("read the answer to", name). */
    hole(3);

    /* Hole 4: is it just ANSWER? Not less, not more, not another word: compare `had` with strlen(3), and the bytes by
     * memcmp(3), for there is no '\0' behind them. Otherwise: refuse(). */
    hole(4);
}

static void write_all(int connection, const char *data, size_t length)
{
    (void)connection; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 6: write(2) all `length` bytes. write may take less than it is given: go on from there. -1: fail("write to",
     * "the receiver"). */
    hole(6);
}

/* Sends the file from its beginning to its end. */
static void send_content(int connection, int file, const char *path)
{
    char buffer[16384];
    (void)file; /* take these two lines out when you use them */
    (void)path;
    for (;;) {
        ssize_t got = -1;

        /* Hole 5: read(2) the next bytes of the file into `buffer`; `got` is how many. 0 is the file's end: return. -1:
         * fail("read", path). */
        hole(5);

        write_all(connection, buffer, (size_t)got);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in receiver = {.sin_family = AF_INET};
    char *end = NULL;
    long port = argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (port < 1 || port > 65535 || *end != '\0' || inet_pton(AF_INET, argv[1], &receiver.sin_addr) != 1) {
        fprintf(stderr, "usage: file_send ADDRESS PORT FILE   (such as 127.0.0.1 7000 notes.txt)\n");
        return 2;
    }
    receiver.sin_port = htons((uint16_t)port);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the receiver is gone; the signal would only end us */

    const char *path = argv[3], *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    int file = open_file(path);

    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1 || connect(connection, (struct sockaddr *)&receiver, sizeof receiver) == -1)
        fail("connect to", argv[1]);

    /* Hole 2: write(2) the name, in one write, without its '\0' and without a newline: the wait for the answer is what
     * ends it. -1: fail("write", name). */
    hole(2);

    await_answer(connection, name);
    send_content(connection, file, path);

    /* Hole 7: close(2) the file and the connection. Our FIN says: that was the file. */
    hole(7);

    return 0;
}
