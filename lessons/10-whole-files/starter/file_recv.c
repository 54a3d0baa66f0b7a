/* file_recv: the receiver of files that gives a file its name last, when it is whole. What lesson 09 taught is there.
 *
 *     file_recv 7000                       file_recv -b 127.0.0.2 7000
 *
 * It writes into the directory in which it was started; one receiver a directory, since TEMPORARY is one name.
 * Fill the holes in the order of their numbers, compile, run: the program says which hole it has fallen into.
 */
#include <arpa/inet.h>
#include <ctype.h>
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

#define TEMPORARY ".file_recv.part" /* what a file is called until it is whole */

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "file_recv: hole %d is not filled: its comment says what to do; or make hint LESSON=10\n", number);
    exit(1);
}

/* An error that concerns one transfer alone. */
static int complain(const char *operation, const char *object)
{
    fprintf(stderr, "file_recv: %s %s: %s\n", operation, object, strerror(errno));
    return -1;
}

/* Reads the name that the sender says, of at most size - 1 bytes. Returns 0; -1 if it says none, or a longer one. */
static int read_name(int connection, char *name, size_t size)
{
    (void)connection; /* take these three lines out when you use them */
    (void)name;
    (void)size;

    /* Hole 1: read(2) once, `size` bytes at most. What it returns says how long the name is: behind it put a '\0', or
     * the letters of who knows what follow. A name that fills all `size` bytes has no room for that: it is too long.
     * Return -1 for it, for 0 bytes and for an error. */
    hole(1);

    return 0;
}

/* May a file of this name be created here? */
static int is_allowed(const char *name)
{
    (void)name; /* take this line out when you use it */

    /* Hole 2: return 0 for what leads outside or is a directory (a slash anywhere, "." and ".."), for TEMPORARY, and
     * for a name with a control character in it, such as the end of a line: iscntrl(3). */
    hole(2);

    return 1;
}

/* Returns 0; -1 if not all could be written: the disk is full. */
static int write_all(int fd, const char *data, size_t length)
{
    (void)fd; /* take these three lines out when you use them */
    (void)data;
    (void)length;

    /* Hole 4: write(2) all `length` bytes. A disk that is nearly full takes what fits: go on from there, and the next
     * write says -1. Return that. */
    hole(4);

    return 0;
}

/* Writes what comes to the file. Returns 0 if the end of file has come, -1 if something else was the end. */
static int receive_content(int connection, int file, const char *name)
{
    char buffer[16384];
    ssize_t got;
    while ((got = read(connection, buffer, sizeof buffer)) > 0)
        if (write_all(file, buffer, (size_t)got) == -1)
            return complain("write", name);

    /* Hole 5: the loop ends with 0 and with -1, which are not the same. 0 is a FIN: no more will come. -1 is mostly a
     * reset: the sender could not finish, and this is half a file; then return complain(). */
    hole(5);

    return 0;
}

/* The file is written: brings it to the disk, and gives it its name. Returns 0; -1 if that fails. */
static int keep(int file, const char *name)
{
    (void)file; /* take these two lines out when you use them */
    (void)name;

    /* Hole 6: fsync(2) and close(2), both. Each may say -1: only now the disk was asked. Then return complain(). */
    hole(6);

    /* Hole 7: link(2) gives TEMPORARY this name too, and never overwrites a file. -1: return complain(). */
    hole(7);

    return 0;
}

/* One transfer. If it fails, that is told and concerns this sender alone. */
static int receive(int connection)
{
    char name[256];
    if (read_name(connection, name, sizeof name) == -1)
        return -1;
    if (!is_allowed(name)) {
        static const char no[] = "No: this can't be a file's name here\n";
        fprintf(stderr, "file_recv: refused a name\n");
        return write(connection, no, sizeof no - 1) == -1 ? complain("answer to", "a name") : -1;
    }

    /* Hole 3: unlink(2) what a killed receiver may have left under TEMPORARY (an error is fine: mostly there is
     * nothing), and open(2) that name for writing: to be created, an error if it is there. -1: return complain(). */
    int file = -1;
    hole(3);

    int result = -1;
    if (write(connection, ANSWER, strlen(ANSWER)) == -1)
        complain("answer to", name);
    else
        result = receive_content(connection, file, name);
    if (result == 0)
        result = keep(file, name);
    else
        close(file); /* what it says of half a file does not matter */
    unlink(TEMPORARY);
    if (result == 0 && write(connection, ANSWER, strlen(ANSWER)) == -1) /* once more: it is there, under its name */
        complain("confirm", name);
    return result;
}

/* A socket that listens there. */
static int listen_on(const struct sockaddr_in *address)
{
    int on = 1, listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* lesson 03 says why */
    if (bind(listen_fd, (const struct sockaddr *)address, sizeof *address) == -1 || listen(listen_fd, 16) == -1)
        exit(-complain("listen on", "the port"));
    return listen_fd;
}

int main(int argc, char **argv)
{
    int with_address = argc == 4 && strcmp(argv[1], "-b") == 0;
    const char *host = with_address ? argv[2] : "127.0.0.1"; /* this machine only */
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *end = NULL;
    long port = argc == 2 || with_address ? strtol(argv[argc - 1], &end, 10) : 0;
    if (port < 1 || port > 65535 || *end != '\0' || inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        fprintf(stderr, "usage: file_recv [-b ADDRESS] PORT\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)port);
    signal(SIGPIPE, SIG_IGN); /* a write to a sender that is gone must not end the receiver */

    int connection, listen_fd = listen_on(&address);
    while ((connection = accept(listen_fd, NULL, NULL)) != -1) {
        receive(connection);
        close(connection);
    }
    return -complain("accept on port", argv[argc - 1]);
}
