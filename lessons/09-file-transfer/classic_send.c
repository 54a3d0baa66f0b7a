/* classic_send: the sender of a file as the course teaches it. Its partner and its warning: classic_recv.c
 *
 *     classic_send 127.0.0.1 7000 shelf/notes.txt
 *
 * Six steps: the path is an argument; stat, and the name without directories; connect; write the name; read "ok";
 * read the file and write it to the connection, up to the file's end. close tells the receiver that this was all.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *operation, const char *object)
{
    fprintf(stderr, "classic_send: %s %s: %s\n", operation, object, strerror(errno));
    exit(1);
}

static void write_all(int connection, const char *data, ssize_t length)
{
    for (ssize_t at = 0, written; at < length; at += written) /* write may take less than it is given */
        if ((written = write(connection, data + at, (size_t)(length - at))) == -1)
            fail("write to", "the receiver");
}

int main(int argc, char **argv)
{
    struct sockaddr_in receiver = {.sin_family = AF_INET};
    char *end = NULL, buffer[4096];
    long port = argc == 4 ? strtol(argv[2], &end, 10) : 0;
    if (port < 1 || port > 65535 || *end != '\0' || inet_pton(AF_INET, argv[1], &receiver.sin_addr) != 1) {
        fprintf(stderr, "usage: classic_send HOST PORT FILE   (such as 127.0.0.1 7000 notes.txt)\n");
        return 2;
    }
    receiver.sin_port = htons((uint16_t)port);
    signal(SIGPIPE, SIG_IGN); /* write tells us that the receiver is gone; the signal would only end us */

    struct stat about;
    if (stat(argv[3], &about) == -1)
        fail("stat", argv[3]);
    const char *slash = strrchr(argv[3], '/');
    const char *name = slash == NULL ? argv[3] : slash + 1;

    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connection == -1 || connect(connection, (struct sockaddr *)&receiver, sizeof receiver) == -1)
        fail("connect to", argv[1]);
    write_all(connection, name, (ssize_t)strlen(name)); /* no newline, no zero byte: the wait for "ok" ends it */
    size_t had = 0;
    ssize_t got = 1;
    while (had < 2 && (got = read(connection, buffer + had, sizeof buffer - had)) > 0)
        had += (size_t)got;
    if (got == -1)
        fail("read from", "the receiver");
    if (had != 2 || memcmp(buffer, "ok", 2) != 0) {
        fprintf(stderr, "classic_send: the answer to %s is not ok: '%.*s'\n", name, (int)had, buffer);
        return 1;
    }

    int file = open(argv[3], O_RDONLY | O_CLOEXEC);
    if (file == -1)
        fail("open", argv[3]);
    long long total = 0;
    while ((got = read(file, buffer, sizeof buffer)) > 0) {
        write_all(connection, buffer, got);
        total += got;
    }
    if (got == -1)
        fail("read", argv[3]);
    close(file);
    close(connection); /* our FIN; whether the receiver has all this, we never learn */
    printf("sent %s: stat said %lld bytes, read and wrote %lld\n", name, (long long)about.st_size, total);
    return 0;
}
