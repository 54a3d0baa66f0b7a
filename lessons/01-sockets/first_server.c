/* first_server: the smallest honest TCP server. It sends back every byte that a client sends, one client at a time.
 *
 *     first_server 7000        its partner: first_client.c
 *
 * Eight calls make it: socket, bind, listen, accept, read, write, close, and at the client's end of file shutdown.
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
    fprintf(stderr, "first_server: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* Sends bytes back until read returns 0: the client has closed its half. */
static void echo(int connection)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(connection, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < got;) { /* write may take less than it is given */
            ssize_t written = write(connection, buffer + at, (size_t)(got - at));
            if (written == -1) {
                perror("first_server: write"); /* this client is gone; the next one is not */
                return;
            }
            at += written;
        }
    }
    if (got == -1)
        perror("first_server: read");
    else
        shutdown(connection, SHUT_WR); /* our FIN, behind the last byte */
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535) {
        fprintf(stderr, "usage: first_server PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone must not end the server */

    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1)
        fail("socket");
    int on = 1;
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* lesson 03 says why */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* 127.0.0.1: this machine only */
    if (bind(listen_fd, (struct sockaddr *)&address, sizeof address) == -1)
        fail("bind");
    if (listen(listen_fd, 16) == -1)
        fail("listen");
    printf("listening on 127.0.0.1:%ld\n", port);
    fflush(stdout);

    for (;;) {
        int connection = accept(listen_fd, NULL, NULL);
        if (connection == -1)
            fail("accept");
        echo(connection);
        close(connection);
    }
}
