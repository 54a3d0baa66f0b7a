/* fork.c: a child process for each client.
 *
 * After fork both processes have both sockets. The parent closes the connection, which stays open because the child
 * has it; the child closes the listening socket. A parent that forgets runs out of descriptors, and no connection
 * ever ends, because the FIN is sent when the last process has closed.
 */
#include "common/accept_again.h"
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "models.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The children that live, so that they can be ended with us. */
struct children {
    pid_t *pids; /* ours to free */
    size_t count, room;
};

static bool make_room(struct children *children)
{
    if (children->count < children->room)
        return true;
    size_t room = children->room ? children->room * 2 : 64;
    pid_t *pids = realloc(children->pids, room * sizeof *pids);
    if (pids == NULL)
        return false;
    children->pids = pids;
    children->room = room;
    return true;
}

/* Takes the exit status of every child that has ended: until then it would stay in the process table as a zombie. */
static void reap(struct children *children)
{
    pid_t ended;
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
        for (size_t i = 0; i < children->count; i++)
            if (children->pids[i] == ended)
                children->pids[i] = children->pids[--children->count];
}

/* Waits for the clients that are still served; a stop signal ends their processes too. */
static void wait_for_children(struct children *children)
{
    while (children->count > 0 && !stop_signal()) {
        await_or_child(-1, 0, -1);
        reap(children);
    }
    for (size_t i = 0; i < children->count; i++)
        kill(children->pids[i], SIGTERM);
    while (children->count > 0)
        if (waitpid(children->pids[children->count - 1], NULL, 0) != -1 || errno != EINTR)
            children->count--;
    free(children->pids);
}

/* In the parent: starts the child that serves `client`. */
static void start_child(int listen_fd, const struct client *client, const struct server_options *options,
                        struct narrator *narrator, struct children *children)
{
    pid_t child = make_room(children) ? fork() : -1;
    if (child == -1) {
        report_errno("fork, this client is turned away");
    } else if (child == 0) {
        close(listen_fd);
        narrate_in_child(narrator);
        echo_client(client, options, narrator);
        _exit(EXIT_DONE);
    } else {
        children->pids[children->count++] = child;
        narrate_say(narrator, "fork() = %ld serves it", (long)child);
    }
    close(client->connection);
}

int serve_fork(int listen_fd, const struct server_options *options, struct narrator *narrator)
{
    struct children children = {NULL, 0, 0};
    bool trouble_said = false;
    int status = EXIT_DONE;
    for (long long served = 0; options->max_clients == 0 || served < options->max_clients;) {
        struct sockaddr_storage peer;
        socklen_t peer_size = sizeof peer;
        struct client client;

        if (options->pause_accept_ms && await(-1, 0, options->pause_accept_ms) == -1)
            break;
        narrate_call(narrator, "accept(%d)", listen_fd);
        narrate_wait(narrator, listen_fd, POLLIN, "no connection is waiting");
        int ready;
        while ((ready = await_or_child(listen_fd, POLLIN, -1)) == -1 && errno == EAGAIN)
            reap(&children);
        if (ready == -1)
            break;
        client.connection = accept(listen_fd, (struct sockaddr *)&peer, &peer_size);
        if (client.connection == -1) {
            if (accept_again(&trouble_said))
                continue;
            status = EXIT_WORLD;
            break;
        }
        trouble_said = false;
        set_descriptor_flags(client.connection); /* can't fail on an open socket */
        address_text((struct sockaddr *)&peer, client.address);
        narrate_result(narrator, client.connection, client.connection, "from %s", client.address);
        start_child(listen_fd, &client, options, narrator, &children);
        reap(&children);
        served++;
    }
    close(listen_fd); /* no new clients while the last ones are served */
    wait_for_children(&children);
    return status;
}
