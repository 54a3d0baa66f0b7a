/* tcp_server: lesson 11. A process for each client, so that a silent one keeps nobody waiting.
 *
 *     tcp_server [-b ADDR] 7000
 *
 * Serving one client is ready. Fill the holes in the order of their numbers, compile, run, and let a client come: the
 * program says which hole it has fallen into.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "variant.h"

/* When no hole is left, take this function out. */
static void hole(int number)
{
    fprintf(stderr, "tcp_server: hole %d is not filled: its comment says what to do; or make hint LESSON=11\n", number);
    exit(1);
}

static void fail(const char *operation)
{
    fprintf(stderr, "tcp_server: %s: %s\n", operation, strerror(errno));
    exit(1);
}

/* [-b ADDR] PORT: where to listen. Without -b at 127.0.0.1, which is this machine only. */
static struct sockaddr_in address_of(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int with_address = argc == 4 && strcmp(argv[1], "-b") == 0;
    const char *where = with_address ? argv[2] : "127.0.0.1";
    char *end = NULL;
    long port = argc == 2 || with_address ? strtol(argv[argc - 1], &end, 10) : 0;
    if (end == NULL || *end != '\0' || port < 1 || port > 65535 || inet_pton(AF_INET, where, &address.sin_addr) != 1) {
        fprintf(stderr, "usage: tcp_server [-b ADDR] PORT   (such as -b 127.0.0.2 7000)\n");
        exit(2);
    }
    address.sin_port = htons((uint16_t)port);
    return address;
}

static int listen_on(struct sockaddr_in address)
{
    int listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (listen_fd == -1)
        fail("socket");
    int on = 1; /* old connections that linger do not keep us from the port */
    if (setsockopt(listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
        fail("setsockopt");
    if (bind(listen_fd, (struct sockaddr *)&address, sizeof address) == -1)
        fail("bind");
    if (listen(listen_fd, 16) == -1)
        fail("listen");
    return listen_fd;
}

/* One client, to its end. Your variant: SHIFT (variant.h) is added to each byte; without a seed it is 0. */
static void echo(int connection)
{
    char buffer[16384];
    ssize_t got;
    while ((got = read(connection, buffer, sizeof buffer)) > 0) {
        for (ssize_t at = 0; at < got; at++)
            buffer[at] = (char)(buffer[at] + SHIFT);
        for (ssize_t sent = 0; sent < got;) {
            ssize_t written = write(connection, buffer + sent, (size_t)(got - sent));
            if (written == -1) {
                perror("tcp_server: write");
                return;
            }
            sent += written;
        }
    }
    if (got == -1)
        perror("tcp_server: read");
}

/* SIGCHLD: a child has ended. Until somebody takes its exit status it stays in the process table, as a zombie. */
static void on_child(int signal_number)
{
    int error = errno; /* waitpid sets it, and the program that was interrupted may want to read it */
    (void)signal_number;

    /* Hole 4: waitpid(2) for any child (-1), without the status (NULL), without waiting (WNOHANG), as long as it
     * returns more than 0: several children may have ended, and the signal has come once. */
    hole(4);
    errno = error;
}

/* SIGTERM, SIGINT: the children have to end with us. They are in our process group, and so are we. */
static void on_stop(int signal_number)
{
    signal(signal_number, SIG_IGN);

    /* Hole 5: kill(2) with pid 0 sends SIGTERM to the whole group. Then end, successfully, by _exit(2): exit(3) must
     * not be called in a signal handler. */
    hole(5);
}

/* For a child: signals end it, as they would if nothing had been said about them. */
static void default_signals(void)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART}; /* accept goes on after it */
    sigaction(SIGCHLD, &action, NULL);
    action.sa_handler = on_stop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a write to a client that is gone must not end the server */
    setpgid(0, 0);            /* a process group of our own; it may be one already */
}

/* Starts the process that serves this client. */
static void serve(int listen_fd, int connection)
{
    pid_t child = -1;

    /* Hole 1: fork(2): from here on there are two of us. `child` is what it returns; -1: perror(3) and go on, the
     * client is turned away. */
    hole(1);

    if (child == 0) {
        default_signals();

        /* Hole 2: the child serves the client. It has a copy of every descriptor: close the one it has no use for (or
         * the port stays in LISTEN as long as it lives), serve the client, close the connection, and end by _exit(2):
         * it must not come back to the loop in main. */
        (void)listen_fd; /* take these lines out when you use them */
        (void)echo;
        hole(2);
    }

    /* Hole 3: the parent has the connection too. What happens to the client if it keeps it: when is a FIN sent? And
     * what after a thousand clients? */
    (void)connection; /* take this line out when you use it */
    hole(3);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = address_of(argc, argv);
    watch_signals();
    int listen_fd = listen_on(address);

    for (;;) {
        int connection = accept(listen_fd, NULL, NULL);
        if (connection == -1)
            fail("accept");
        serve(listen_fd, connection);
    }
}
