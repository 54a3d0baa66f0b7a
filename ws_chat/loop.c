/* loop.c: one loop for all clients: epoll(7) tells which descriptors are ready. No thread and no process a client.
 *
 * Linux only: poll(2) would be given all descriptors each time, a thousand for one that speaks; epoll keeps the list in
 * the kernel. accept4(2) is here for the same reason: BSD has it, POSIX since 2024. */
#define _GNU_SOURCE
#include "common/accept_again.h"
#include "common/await.h"
#include "common/report.h"
#include "connection.h"
#include "server.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 256,      /* taken at once */
    ACCEPTS = 64,      /* connections a turn, so that those who are here are served too */
    REFUSED = 100,     /* connections beyond --clients, kept as long as their 503 takes */
    PAUSE_US = 100000, /* between two looks at the deadlines, and before accept is tried again */
    DRAIN_US = 1000000 /* for all closing handshakes, once a stop signal has come */
};

struct loop {
    struct server server;
    int epoll_fd, listen_fd;
    long long accept_from; /* now_us() before which we don't accept: no descriptor was left */
    long long last_look;   /* at the deadlines */
    bool trouble_said;
};

void make_busy(struct server *server, struct client *client)
{
    if (client->busy)
        return;
    client->busy = true;
    client->next_busy = server->busy;
    server->busy = client;
}

void set_deadline(struct server *server, struct client *client, int ms)
{
    client->deadline = server->now + ms * 1000LL;
    if (client->deadline < server->next_deadline)
        server->next_deadline = client->deadline;
}

/* Tells epoll what this client waits for: to be read, and where the kernel did not take all, to be written. */
static void watch(struct loop *loop, struct client *client)
{
    unsigned wanted = (client->input_ended ? 0u : EPOLLIN) | (client->queue.count > 0 ? EPOLLOUT : 0u);
    struct epoll_event event = {.events = wanted, .data.ptr = client};
    if (wanted != client->watched && epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, client->fd, &event) == 0)
        client->watched = wanted;
}

static void watch_listener(struct loop *loop, bool watched)
{
    struct epoll_event event = {.events = watched ? EPOLLIN : 0, .data.ptr = NULL};
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, loop->listen_fd, &event);
}

/* accept has failed. What passes soon is tried again soon, with the others served meanwhile: accept_again() would make
 * all of them wait. */
static void accept_failed(struct loop *loop)
{
    if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO)
        return;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        loop->trouble_said = false; /* nobody waits any more: the next trouble is another one */
        return;
    }
    if (!loop->trouble_said)
        report_errno("accept, clients wait in the queue");
    loop->trouble_said = true;
    loop->accept_from = loop->server.now + PAUSE_US;
    watch_listener(loop, false);
}

static void take_connection(struct loop *loop, int fd, const struct sockaddr *peer)
{
    struct server *server = &loop->server;
    char address[ADDRESS_TEXT_SIZE];
    if (server->table.count >= (size_t)server->options->clients + REFUSED) {
        close(fd);
        return;
    }
    narrate_result(server->narrator, fd, fd, "from %s", address_text(peer, address));
    struct client *client = connection_begin(server, fd, peer);
    if (client == NULL)
        return;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    client->watched = EPOLLIN;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == -1)
        connection_gone(server, client, "epoll does not take it");
}

static void accept_clients(struct loop *loop)
{
    for (int i = 0; i < ACCEPTS; i++) {
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;
        narrate_call(loop->server.narrator, "accept(%d)", loop->listen_fd);
        int fd = accept4(loop->listen_fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -1) {
            accept_failed(loop);
            return;
        }
        take_connection(loop, fd, (struct sockaddr *)&peer);
    }
}

/* Writes for all that have something to be written; who is told of that may become busy meanwhile. */
static void see_to_busy(struct loop *loop)
{
    struct server *server = &loop->server;
    while (server->busy != NULL) {
        struct client *client = server->busy;
        server->busy = client->next_busy;
        client->busy = false;
        if (client->phase != PHASE_GONE)
            connection_write(server, client);
        if (client->phase != PHASE_GONE && !client->busy)
            watch(loop, client);
    }
}

/* Until now somebody could have held a pointer to them. */
static void free_gone(struct server *server)
{
    while (server->gone != NULL) {
        struct client *client = server->gone;
        server->gone = client->next;
        client_free(client);
    }
}

/* Walks through the table, at most ten times a second. */
static void look_at_deadlines(struct loop *loop)
{
    struct server *server = &loop->server;
    long long now = server->now;
    if (now < server->next_deadline || now < loop->last_look + PAUSE_US)
        return;
    loop->last_look = now;
    server->next_deadline = LLONG_MAX;
    for (struct client *client = server->table.first, *next; client != NULL; client = next) {
        next = client->next; /* it may go */
        if (client->deadline != 0 && client->deadline <= now)
            connection_late(server, client);
        if (client->phase != PHASE_GONE && client->deadline != 0 && client->deadline < server->next_deadline)
            server->next_deadline = client->deadline;
    }
}

/* Milliseconds until something is to be done without an event; -1 = nothing is. */
static int sleep_ms(const struct loop *loop)
{
    long long until = loop->server.next_deadline;
    if (until != LLONG_MAX && until < loop->last_look + PAUSE_US)
        until = loop->last_look + PAUSE_US;
    if (loop->accept_from != 0 && loop->accept_from < until)
        until = loop->accept_from;
    if (until == LLONG_MAX)
        return -1;
    long long ms = (until - now_us() + 999) / 1000;
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Serves one turn's events. */
static void serve_events(struct loop *loop, const struct epoll_event *events, int count)
{
    struct server *server = &loop->server;
    server->now = now_us();
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (client == NULL) {
            accept_clients(loop);
            continue;
        }
        /* An earlier event may have ended it. */
        if (client->phase != PHASE_GONE && (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
            connection_read(server, client);
        if (client->phase != PHASE_GONE)
            make_busy(server, client);
    }
    if (loop->accept_from != 0 && server->now >= loop->accept_from) {
        loop->accept_from = 0;
        watch_listener(loop, true);
    }
    look_at_deadlines(loop);
    see_to_busy(loop);
    free_gone(server);
}

/* Until a stop signal comes. Ready descriptors are asked for first: only who has none sleeps, and where we sleep, in
 * await(), the signal wakes us. */
static void run(struct loop *loop)
{
    struct epoll_event events[EVENTS];
    while (!stop_signal_pending()) {
        int count = epoll_wait(loop->epoll_fd, events, EVENTS, 0);
        if (count == 0 && await(loop->epoll_fd, POLLIN, sleep_ms(loop)) == -1)
            return;
        serve_events(loop, events, count > 0 ? count : 0);
    }
}

/* The end: everybody is told, and has a moment to answer. */
static void drain(struct loop *loop)
{
    struct server *server = &loop->server;
    struct epoll_event events[EVENTS];
    server->ending = true;
    server->now = now_us();
    long long end = server->now + DRAIN_US;
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->listen_fd, NULL);
    for (struct client *client = server->table.first, *next; client != NULL; client = next) {
        next = client->next;
        if (client->phase == PHASE_REQUEST)
            connection_gone(server, client, "we end");
        else if (client->phase == PHASE_OPEN)
            connection_close(server, client, CLOSE_GOING_AWAY, "the server ends");
    }
    see_to_busy(loop);
    while (server->table.count > 0 && now_us() < end) {
        int count = epoll_wait(loop->epoll_fd, events, EVENTS, 50);
        serve_events(loop, events, count > 0 ? count : 0);
    }
    while (server->table.first != NULL)
        connection_gone(server, server->table.first, "we end");
    free_gone(server);
}

int serve(int listen_fd, const struct chat_options *options, struct narrator *narrator)
{
    struct loop loop = {.server = {.options = options, .narrator = narrator, .next_deadline = LLONG_MAX},
                        .listen_fd = listen_fd,
                        .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int status = EXIT_DONE;
    loop.server.buffer = malloc(BUFFER_SIZE);
    if (loop.server.buffer == NULL || loop.epoll_fd == -1 ||
        epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) == -1) {
        report_errno("epoll");
        status = EXIT_WORLD;
    } else {
        run(&loop);
        drain(&loop);
    }
    if (loop.epoll_fd != -1)
        close(loop.epoll_fd);
    free(loop.server.buffer);
    return status;
}
