/* file_recv with one mistake: the name is put behind "./" in an array of 100 bytes, however long it is. The harness
 * compiles it, as a student does. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *operation)
{
    perror(operation);
    exit(1);
}

static int listen_on(const char *address, const char *port)
{
    char *end;
    long number = strtol(port, &end, 10);
    if (*port < '0' || *port > '9' || *end != '\0' || number < 1 || number > 65535) {
        fprintf(stderr, "file_recv: %s is not a port from 1 to 65535\n", port);
        exit(2);
    }
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((unsigned short)number)};
    if (address != NULL && inet_pton(AF_INET, address, &own.sin_addr) != 1) {
        fprintf(stderr, "file_recv: %s is not an address\n", address);
        exit(2);
    }
    int on = 1, listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1 || setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        fail("file_recv: socket");
    if (bind(listen_fd, (struct sockaddr *)&own, sizeof own) == -1 || listen(listen_fd, 5) == -1)
        fail("file_recv: bind");
    return listen_fd;
}

static int open_here(const char *name)
{
    char path[100];
    strcpy(path, "./");
    strcat(path, name);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
}

static void receive(int connection)
{
    char name[4096], content[65536];
    ssize_t got = read(connection, name, sizeof name - 1);
    if (got <= 0)
        return;
    name[got] = '\0';
    int file = -1;
    if (strlen(name) == (size_t)got && strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
        file = open_here(name);
    if (file == -1) {
        (void)!write(connection, "no\n", 3);
        return;
    }
    if (write(connection, "ok", 2) != 2)
        perror("file_recv: write");
    while ((got = read(connection, content, sizeof content)) > 0)
        if (write(file, content, (size_t)got) != got)
            perror("file_recv: write");
    if (got == -1)
        perror("file_recv: read");
    close(file);
}

int main(int argc, char *argv[])
{
    int with_address = argc == 4 && strcmp(argv[1], "-b") == 0;
    if (argc != 2 && !with_address) {
        fprintf(stderr, "usage: file_recv [-b ADDR] PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int listen_fd = listen_on(with_address ? argv[2] : NULL, argv[argc - 1]);
    for (;;) {
        int connection = accept(listen_fd, NULL, NULL);
        if (connection == -1)
            fail("file_recv: accept");
        receive(connection);
        close(connection);
    }
}
