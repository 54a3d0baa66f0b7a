/* epoll.c: one thread, and a loop that never waits for one client: it waits for all of them at once.
 *
 * The kernel keeps the list of descriptors that we watch (epoll(7)) and tells those that are ready. Each gets one turn
 * of at most one read and one write, then the next is served. An idle client costs its socket and the few bytes of its
 * struct, no stack and no process. The price: whatever takes long in here, everybody waits for; and the loop has only
 * one processor.
 *
 * epoll is Linux's own: BSD and macOS have kqueue(2) for this, and POSIX only poll(2), whose every call hands over the
 * whole list. So this file is empty elsewhere, and tcp_server.c refuses the model.
 */
#ifdef __linux__
#define _GNU_SOURCE /* accept4 */
#include "common/accept_again.h"
#include "common/address.h"
#include "common/await.h"
#include "common/report.h"
#include "models.h"
#include "turn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64 };

struct loop {
    int epoll_fd, listen_fd; /* listen_fd -1: --max clients have come */
    const struct server_options *options;
    struct narrator *narrator;
    struct connection_list connections;
    long long accepted;
    long long accept_at; /* not accepting until then (now_us); 0 = accepting */
    bool trouble_said;
    int status; /* EXIT_DONE, and EXIT_WORLD ends the loop */
    char buffer[TURN_SIZE];
};

/* Asks epoll to tell us when `fd` is ready for `events`. `connection` comes back with the event; NULL: the listener. */
static int watch(struct loop *loop, int operation, int fd, uint32_t events, struct connection *connection)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    return epoll_ctl(loop->epoll_fd, operation, fd, &event);
}

/* Leaves clients in the accept queue for a while: after trouble, or for --pause-accept. The others are served. */
static void accept_later(struct loop *loop, int delay_ms)
{
    loop->accept_at = now_us() + delay_ms * 1000LL;
    watch(loop, EPOLL_CTL_MOD, loop->listen_fd, 0, NULL);
}

static void add_connection(struct loop *loop, const struct client *client)
{
    struct connection *connection = open_connection(client);
    if (connection == NULL || watch(loop, EPOLL_CTL_ADD, client->connection, EPOLLIN, connection) == -1) {
        report_errno("client %s is turned away", client->address);
        free(connection);
        close(client->connection);
        return;
    }
    list_add(&loop->connections, connection);
}

static void accept_client(struct loop *loop)
{
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;
    struct client client;
    narrate_call(loop->narrator, "accept(%d)", loop->listen_fd);
    client.connection = accept4(loop->listen_fd, (struct sockaddr *)&peer, &peer_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client.connection == -1) {
        int delay = accept_delay_ms(&loop->trouble_said);
        if (delay > 0)
            accept_later(loop, delay);
        else if (delay == -1)
            loop->status = EXIT_WORLD;
        return;
    }
    loop->trouble_said = false;
    address_text((struct sockaddr *)&peer, client.address);
    narrate_result(loop->narrator, client.connection, client.connection, "from %s", client.address);
    add_connection(loop, &client);
    if (++loop->accepted == loop->options->max_clients) {
        close(loop->listen_fd); /* no new clients while the last ones are served */
        loop->listen_fd = -1;
    } else if (loop->options->pause_accept_ms) {
        accept_later(loop, loop->options->pause_accept_ms);
    }
}

static void serve_connection(struct loop *loop, struct connection *connection)
{
    bool was_full = connection->unsent != NULL;
    enum turn turn = take_turn(connection, loop->buffer, loop->options, loop->narrator);
    list_remove(&loop->connections, connection);
    if (turn == IS_OVER) {
        close_connection(connection, loop->narrator); /* epoll forgets a descriptor that is closed */
        return;
    }
    list_add(&loop->connections, connection);
    bool is_full = turn == WAITS_TO_WRITE;
    if (is_full != was_full) /* what it waits for has changed; a call that can't fail on a descriptor in the list */
        watch(loop, EPOLL_CTL_MOD, connection->client.connection, is_full ? EPOLLOUT : EPOLLIN, connection);
}

/* How long the loop may sleep until a clock of its own runs out; -1 = for ever. */
static int sleep_ms(const struct loop *loop)
{
    int silence = silence_left_ms(&loop->connections, loop->options);
    if (loop->accept_at == 0 || loop->listen_fd == -1)
        return silence;
    long long left = (loop->accept_at - now_us() + 999) / 1000;
    int pause = left > 0 ? (int)left : 0;
    return silence != -1 && silence < pause ? silence : pause;
}

/* Whatever is due by the clock. */
static void look_at_clock(struct loop *loop)
{
    struct connection *silent;
    while ((silent = find_silent(&loop->connections, loop->options)) != NULL) {
        list_remove(&loop->connections, silent);
        close_connection(silent, loop->narrator);
    }
    if (loop->accept_at != 0 && loop->listen_fd != -1 && now_us() >= loop->accept_at) {
        loop->accept_at = 0;
        watch(loop, EPOLL_CTL_MOD, loop->listen_fd, EPOLLIN, NULL);
    }
}

static void run(struct loop *loop)
{
    struct epoll_event ready[EVENTS];
    while (loop->status == EXIT_DONE && (loop->listen_fd != -1 || loop->connections.first != NULL)) {
        narrate_call(loop->narrator, "epoll_wait(%d, ready, %d)", loop->epoll_fd, EVENTS);
        narrate_wait(loop->narrator, loop->epoll_fd, POLLIN, "nobody is ready");
        if (await(loop->epoll_fd, POLLIN, sleep_ms(loop)) == -1)
            break;
        int count = epoll_wait(loop->epoll_fd, ready, EVENTS, 0); /* await has waited, and seen to signals */
        if (count > 0)
            narrate_result(loop->narrator, -1, count, "so many are ready");
        for (int i = 0; i < count; i++)
            if (ready[i].data.ptr != NULL)
                serve_connection(loop, ready[i].data.ptr);
            else if (loop->listen_fd != -1)
                accept_client(loop);
        look_at_clock(loop);
    }
}

int serve_epoll(int listen_fd, const struct server_options *options, struct narrator *narrator)
{
    struct loop loop = {.listen_fd = listen_fd, .options = options, .narrator = narrator, .status = EXIT_DONE};
    narrate_call(narrator, "epoll_create1(EPOLL_CLOEXEC)");
    loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    narrate_result(narrator, -1, loop.epoll_fd, "the kernel's list of what we watch");
    if (loop.epoll_fd == -1 || watch(&loop, EPOLL_CTL_ADD, listen_fd, EPOLLIN, NULL) == -1) {
        report_errno("epoll");
        loop.status = EXIT_WORLD;
    } else {
        if (options->pause_accept_ms)
            accept_later(&loop, options->pause_accept_ms);
        run(&loop);
    }
    while (loop.connections.first != NULL) {
        struct connection *left = loop.connections.first;
        list_remove(&loop.connections, left);
        close_connection(left, narrator);
    }
    if (loop.listen_fd != -1)
        close(loop.listen_fd);
    if (loop.epoll_fd != -1)
        close(loop.epoll_fd);
    return loop.status;
}
#else
typedef int this_file_is_empty; /* a translation unit may not be */
#endif
