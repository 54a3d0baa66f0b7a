/* classic_recv: the receiver of files as the course teaches it, one transfer after another, into the working directory.
 *
 *     classic_recv 7000        its partner: classic_send.c
 *
 * To be read and to be broken, not to be used. Like the course it believes whatever comes: it creates any name ("../x"
 * is outside, a file that was there is lost) and takes every end of file for the end of the file. Lesson 10 shows it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int complain(const char *operation, const char *object)
{
    fprintf(stderr, "classic_recv: %s %s: %s\n", operation, object, strerror(errno));
    return -1;
}

/* Copies up to the end of file, which is the sender's FIN. Returns the number of bytes, -1 after an error. */
static long long receive_content(int connection, int file, const char *name)
{
    char buffer[4096];
    ssize_t got;
    long long total = 0;
    while ((got = read(connection, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0, written; at < got; at += written) /* write may take less than it is given */
            if ((written = write(file, buffer + at, (size_t)(got - at))) == -1)
                return complain("write", name);
        total += got;
    }
    return got == -1 ? complain("read the content of", name) : total;
}

/* One transfer. If it fails, that is told and concerns this sender alone. */
static int receive(int connection)
{
    char name[4096];
    ssize_t got = read(connection, name, sizeof name - 1); /* whatever one read brings is the name */
    if (got == -1 || write(connection, "ok", 2) != 2)
        return complain("agree upon a name with", "the sender");
    name[got] = '\0';
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file == -1)
        return complain("create", name);
    long long total = receive_content(connection, file, name);
    if (close(file) == -1) /* some file systems say only here that the disk is full */
        return complain("close", name);
    return total == -1 ? -1 : printf("received %s: %lld bytes\n", name, total);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long port = argc == 2 ? strtol(argv[1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535) {
        fprintf(stderr, "usage: classic_recv PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);         /* a write to a sender that is gone must not end the receiver */
    setvbuf(stdout, NULL, _IOLBF, 0); /* each line at once, into a file too */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* 127.0.0.1: this machine only */
    int on = 1, connection, listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* lesson 03 says why */
    if (listen_fd == -1 || bind(listen_fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(listen_fd, 16) == -1)
        return -complain("listen on port", argv[1]);
    printf("listening on 127.0.0.1:%ld\n", port);

    while ((connection = accept(listen_fd, NULL, NULL)) != -1) {
        receive(connection);
        close(connection);
    }
    return -complain("accept on port", argv[1]);
}
