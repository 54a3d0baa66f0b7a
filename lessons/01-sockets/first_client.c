/* first_client: the smallest honest TCP client. It sends one message and prints what comes back.
 *
 *     first_client 127.0.0.1 7000 hello        its partner: first_server.c
 *
 * Six calls make it: socket, connect, write, shutdown, read, close.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *operation)
{
    fprintf(stderr, "first_client: %s: %s\n", operation, strerror(errno));
    exit(1);
}

static void write_all(int fd, const char *data, size_t length)
{
    while (length > 0) { /* write may take less than it is given */
        ssize_t written = write(fd, data, length);
        if (written == -1)
            fail("write");
        data += written;
        length -= (size_t)written;
    }
}

/* Passes bytes on until the end of file. */
static void copy(int from, int to)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0)
        write_all(to, buffer, (size_t)got);
    if (got == -1)
        fail("read");
}

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    char *end = NULL;
    long port = argc == 3 || argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1) {
        fprintf(stderr, "usage: first_client ADDRESS PORT [MESSAGE]   (such as 127.0.0.1 7000 hello)\n");
        return 2;
    }
    server.sin_port = htons((uint16_t)port);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the server is gone; the signal would only end us */

    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1)
        fail("socket");
    if (connect(connection, (struct sockaddr *)&server, sizeof server) == -1)
        fail("connect");
    if (argc == 4)
        write_all(connection, argv[3], strlen(argv[3]));
    else
        copy(STDIN_FILENO, connection);
    if (shutdown(connection, SHUT_WR) == -1) /* our FIN: the server reads its end of file */
        fail("shutdown");
    copy(connection, STDOUT_FILENO);
    close(connection);
    return 0;
}
