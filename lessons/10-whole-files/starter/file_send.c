/* file_send: the sender of a file that never lets half a file look like a whole one. What lesson 09 taught is there.
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
    fprintf(stderr, "file_send: hole %d is not filled: its comment says what to do; or make hint LESSON=10\n", number);
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

static int open_file(const char *path)
{
    struct stat about;
    int file = open(path, O_RDONLY);
    if (file == -1 || fstat(file, &about) == -1)
        fail("open", path);
    if (S_ISDIR(about.st_mode))
        refuse(path, "a directory can't be sent");
    return file;
}

/* Waits for the answer: ANSWER, and nothing but that. */
static void await_answer(int connection, const char *name)
{
    char answer[100];
    size_t had = 0;
    ssize_t got = 1;
    struct timeval limit = {.tv_sec = 10};
    if (setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == -1) /* then read says -1, EAGAIN */
        fail("bound the wait for", "the answer");
    while (had < strlen(ANSWER) && (got = read(connection, answer + had, sizeof answer - had)) > 0)
        had += (size_t)got;
    if (got == -1)
        fail("read the answer to", name);
    if (had != strlen(ANSWER) || memcmp(answer, ANSWER, had) != 0)
        refuse(name, "the receiver does not want it");
}

/* With `on`, the end of this process, by exit or by a signal, is a reset (RST) for the other end, and not a FIN. */
static void reset_on_close(int connection, int on)
{
    (void)connection; /* take these two lines out when you use them */
    (void)on;

    /* Hole 2: setsockopt(2) with SO_LINGER, socket(7): a struct linger that is on or off as `on` says, with 0 seconds.
     * -1: fail("set SO_LINGER of", "the connection"). */
    hole(2);
}

/* Returns 0; -1 if not all could be written. */
static int write_all(int fd, const char *data, size_t length)
{
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 3: write(2) all `length` bytes. What write returns is how many it has taken, often less than it was given:
     * go on from there. -1: return -1; the caller says what happened. */
    hole(3);

    return 0;
}

/* Sends the file. Whatever goes wrong here ends us, and what the receiver sees is no end of file. */
static void send_content(int connection, int file, const char *path)
{
    char buffer[16384];
    ssize_t got;
    while ((got = read(file, buffer, sizeof buffer)) > 0)
        if (write_all(connection, buffer, (size_t)got) == -1)
            fail("write to", "the receiver");
    if (got == -1)
        fail("read", path);
}

/* Stays until the receiver closes. Did it say ANSWER once more before: "it is there, under its name"? */
static int is_confirmed(int connection)
{
    char answer[100];
    size_t had = 0;
    (void)connection; /* take these three lines out when you use them */
    (void)answer;
    (void)had;

    /* Hole 5: read(2) into `answer`, behind the `had` bytes that are there, up to the end of file, or until it is full.
     * Return 1 if what came is just ANSWER, 0 if not. -1 (a reset; 10 s without a word) confirms nothing. */
    hole(5);

    return 0;
}

int main(int argc, char **argv)
{
    /* Hole 1: ignore SIGPIPE, signal(2). A write to a receiver that is gone then says -1, and we can tell why. */
    hole(1);

    struct sockaddr_in receiver = {.sin_family = AF_INET};
    char *end = NULL;
    long port = argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (port < 1 || port > 65535 || *end != '\0' || inet_pton(AF_INET, argv[1], &receiver.sin_addr) != 1) {
        fprintf(stderr, "usage: file_send ADDRESS PORT FILE   (such as 127.0.0.1 7000 notes.txt)\n");
        return 2;
    }
    receiver.sin_port = htons((uint16_t)port);

    const char *path = argv[3], *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    int file = open_file(path);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1 || connect(connection, (struct sockaddr *)&receiver, sizeof receiver) == -1)
        fail("connect to", argv[1]);

    reset_on_close(connection, 1); /* until all is sent, our end is not the file's */

    if (write(connection, name, strlen(name)) == -1) /* in one write: the wait for the answer is what ends it */
        fail("write", name);
    await_answer(connection, name);
    send_content(connection, file, path);
    close(file);

    /* Hole 4: all is sent. shutdown(2) with SHUT_WR: our FIN says so, and the socket stays ours. -1: fail(). */
    hole(4);

    int confirmed = is_confirmed(connection);
    reset_on_close(connection, 0); /* a reset now would spoil what is done */
    close(connection);
    fprintf(stderr, "file_send: %s: %s\n", name, confirmed ? "sent, confirmed" : "sent, not confirmed");
    return 0;
}
