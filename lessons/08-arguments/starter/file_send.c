/* file_send: the first half of a sender of files. It looks at its arguments and at the file, connects, and says the
 * file's name. Lesson 09 sends the content.
 *
 *     file_send 127.0.0.1 7000 shelf/notes.txt
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
#include <sys/stat.h>
#include <unistd.h>

#include "variant.h"

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "file_send: hole %d is not filled: its comment says what to do; or make hint LESSON=8\n", number);
    exit(1);
}

static void fail(const char *operation, const char *object)
{
    fprintf(stderr, "file_send: %s %s: %s\n", operation, object, strerror(errno));
    exit(1);
}

static void usage(void)
{
    fprintf(stderr, "usage: file_send ADDRESS PORT FILE   (such as 127.0.0.1 7000 notes.txt)\n");
    exit(2);
}

/* The port that this word says, or 0 if it says none. */
static long port_of(const char *word)
{
    long port = 0;
    (void)word; /* take this line out when you use it */

    /* Hole 2: make a number of the word with strtol(3), in base 10. Its second argument tells where the number ended:
     * that has to be the end of the word. Return 0 for a word that is not all number, or not from 1 to 65535. */
    hole(2);

    return port;
}

/* What follows the last slash of a path; the whole path if there is none. */
static const char *base_name(const char *path)
{
    /* Hole 3: find the last slash: strrchr(3). It returns NULL if there is none. */
    hole(3);

    return path;
}

/* Refuses what can't be sent, before the other end is bothered. Returns how many bytes the file has. */
static long long look_at(const char *path)
{
    struct stat about = {0};
    (void)path; /* take this line out when you use it */

    /* Hole 4: stat(2) the path. -1: fail("stat", path). */
    hole(4);

    /* Hole 5: st_mode says the kind, inode(7): a directory (S_ISDIR) is refused, by a message on stderr and exit(1). */
    hole(5);

    return about.st_size;
}

/* Reads what comes, up to `size` bytes, until as many as ANSWER has are there. Returns how many came. */
static size_t read_answer(int connection, char *answer, size_t size)
{
    size_t had = 0;
    ssize_t got = 1;
    while (had < strlen(ANSWER) && (got = read(connection, answer + had, size - had)) > 0)
        had += (size_t)got;
    if (got == -1)
        fail("read the answer to", "the name");
    return had;
}

int main(int argc, char **argv)
{
    (void)argc; /* take this line out when you use it */

    /* Hole 1: how many words has a right command line? argv[0] is one of them. Otherwise: usage(). */
    hole(1);

    struct sockaddr_in receiver = {.sin_family = AF_INET};
    long port = port_of(argv[2]);
    if (port == 0 || inet_pton(AF_INET, argv[1], &receiver.sin_addr) != 1)
        usage();
    receiver.sin_port = htons((uint16_t)port);
    const char *path = argv[3], *name = base_name(path);
    long long size = look_at(path);

    signal(SIGPIPE, SIG_IGN); /* write tells us that the receiver is gone; the signal would only end us */
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1 || connect(connection, (struct sockaddr *)&receiver, sizeof receiver) == -1)
        fail("connect to", argv[1]);

    /* Hole 6: write(2) the name, in one write, without its '\0' and without a newline. -1: fail("write", name). */
    hole(6);

    /* Your variant: the answer that lets us go on is ANSWER (variant.h), "ok" if you have no seed, and no other. */
    char answer[100];
    size_t length = read_answer(connection, answer, sizeof answer);
    int ready = length == strlen(ANSWER) && memcmp(answer, ANSWER, length) == 0;
    if (!ready)
        fprintf(stderr, "file_send: %s: the receiver refuses: '%.*s'\n", name, (int)length, answer);
    else if (size > 0)
        fprintf(stderr, "file_send: %s: the receiver is ready; lesson 09 sends the content\n", name);
    close(connection);
    return ready && size == 0 ? 0 : 1; /* an empty file is sent with that; no other one */
}
