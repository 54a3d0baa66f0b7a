/* file_recv: the receiver of files, one transfer after another, into the directory in which it was started.
 *
 *     file_recv 7000                       file_recv -b 127.0.0.2 7000
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
#include <unistd.h>

#include "variant.h"

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "file_recv: hole %d is not filled: its comment says what to do; or make hint LESSON=9\n", number);
    exit(1);
}

/* An error that concerns one transfer alone. */
static int complain(const char *operation, const char *object)
{
    fprintf(stderr, "file_recv: %s %s: %s\n", operation, object, strerror(errno));
    return -1;
}

/* Reads the name that the sender says. Returns 0; -1 if it says none. */
static int read_name(int connection, char *name, size_t size)
{
    (void)connection; /* take these three lines out when you use them */
    (void)name;
    (void)size;

    /* Hole 2: read(2) once: what it brings is the name. No '\0' comes with it: leave room for one, and put it behind
     * the name. 0 bytes are no name, and -1 is an error: return -1. */
    hole(2);

    return 0;
}

/* May a file of this name be created here? */
static int is_allowed(const char *name)
{
    (void)name; /* take this line out when you use it */

    /* Hole 3: return 0 for a name that has a slash in it, strchr(3), and for the names of this directory and of the one
     * above, strcmp(3). */
    hole(3);

    return 1;
}

/* Writes what comes to the file, up to the end of file, which is the sender's FIN. Returns 0; -1 after an error. */
static int receive_content(int connection, int file, const char *name)
{
    char buffer[16384];
    (void)connection; /* take these four lines out when you use them */
    (void)file;
    (void)name;
    (void)buffer;

    /* Hole 6: in a loop, read(2) from the connection, and write(2) to the file what came, as many bytes as read said;
     * write may take less than it is given, then go on from there. 0 ends the loop. -1 of either: return complain(). */
    hole(6);

    return 0;
}

/* One transfer. If it fails, that is told and concerns this sender alone. */
static int receive(int connection)
{
    char name[256];
    if (read_name(connection, name, sizeof name) == -1)
        return -1;
    if (!is_allowed(name)) {
        static const char no[] = "No: this name leads elsewhere\n";
        fprintf(stderr, "file_recv: refused the name '%s'\n", name);
        return write(connection, no, sizeof no - 1) == -1 ? complain("answer to", name) : -1;
    }

    /* Hole 4: open(2) the file for writing. It is to be created, and it is an error if it is there already: no old file
     * is lost (O_CREAT, O_EXCL; a third argument says who may read it, 0666). -1: return complain(). */
    int file = -1;
    hole(4);

    /* Hole 5: write(2) ANSWER to the connection: just these bytes, no newline, no '\0'. -1: complain(). */
    hole(5);

    int result = receive_content(connection, file, name);

    /* Hole 7: close(2) the file, and look at what it returns: some file systems say only here that the disk is full.
     * main closes the connection after this, so that whoever sees its end finds the file whole. */
    hole(7);

    if (result == -1)
        unlink(name); /* half a file is none */
    return result;
}

/* A socket that listens there. */
static int listen_on(const struct sockaddr_in *address)
{
    (void)address; /* take this line out when you use it */
    int on = 1, listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* lesson 03 says why */

    /* Hole 1: bind(2) it to `address`, and listen(2). -1 of either: complain() and exit(1). */
    hole(1);

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
