/* bare_file: files over loopback, with the fewest system calls that do it: sendfile on one side, large reads and writes
 * on the other. No names, no "ok", no fsync: what is left is the limit for file_send and file_recv.
 *
 *     bare_file COUNT FILE TO      sends FILE COUNT times, a connection each, to be written as TO0, TO1 … (sendfile is
 * Linux)
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUFFER_SIZE = 4 * 1024 * 1024, PART = 16 * 1024 * 1024 };

static void check(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(1);
}

static int listen_on_loopback(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    check(fd != -1 && bind(fd, (struct sockaddr *)address, size) == 0 && listen(fd, 16) == 0, "listen");
    check(getsockname(fd, (struct sockaddr *)address, &size) == 0, "getsockname");
    return fd;
}

static void receive(int listen_fd, int count, const char *to)
{
    char *buffer = malloc(BUFFER_SIZE);
    check(buffer != NULL, "malloc");
    for (int i = 0; i < count; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s%d", to, i);
        int connection = accept(listen_fd, NULL, NULL);
        int out = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        ssize_t got;
        check(connection != -1 && out != -1, "accept, open");
        while ((got = read(connection, buffer, BUFFER_SIZE)) > 0)
            check(write(out, buffer, (size_t)got) == got, "write");
        check(got == 0, "read");
        close(out);
        close(connection);
    }
    free(buffer);
}

static void send_one(const struct sockaddr_in *address, const char *path)
{
    char end;
    int connection = socket(AF_INET, SOCK_STREAM, 0), file = open(path, O_RDONLY);
    check(file != -1 && connect(connection, (const struct sockaddr *)address, sizeof *address) == 0, path);
    ssize_t sent;
    while ((sent = sendfile(connection, file, NULL, PART)) > 0)
        ;
    check(sent == 0 && shutdown(connection, SHUT_WR) == 0, "sendfile");
    check(read(connection, &end, 1) == 0, "the receiver's end of file");
    close(file);
    close(connection);
}

int main(int argc, char **argv)
{
    int count = argc == 4 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (count < 1) {
        fprintf(stderr, "usage: bare_file COUNT FILE TO\n");
        return 2;
    }
    struct sockaddr_in address;
    int listen_fd = listen_on_loopback(&address);
    pid_t receiver = fork();
    check(receiver != -1, "fork");
    if (receiver == 0) {
        receive(listen_fd, count, argv[3]);
        return 0;
    }
    close(listen_fd);
    for (int i = 0; i < count; i++)
        send_one(&address, argv[2]);
    int status = 1;
    check(waitpid(receiver, &status, 0) == receiver, "waitpid");
    return status != 0;
}
