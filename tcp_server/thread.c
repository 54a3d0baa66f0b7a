/* thread.c: a thread for each client.
 *
 * What fork.c does with processes, with less: a thread has a stack of its own and shares all else, so it is quicker
 * made and smaller. Sharing is also the price: there is one table of descriptors, which each connection fills further,
 * and a thread that crashes takes everybody with it. pthread_join is for threads what waitpid is for children: a thread
 * that has ended keeps its stack until somebody joins it.
 */
#include "common/accept_again.h"
#include "common/address.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "models.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The default is 8 MiB (ulimit -s). Only what is touched takes memory, yet all of it has to find addresses. */
enum { STACK_SIZE = 512 * 1024 };

/* The threads that live, known to the first thread alone: no lock is needed. */
struct threads {
    pthread_t first;
    pthread_t *living; /* ours to free */
    size_t count, room;
    int ended[2]; /* a pipe: a thread that has done its work writes its name into it, to be joined */
};

/* What a thread is given; it frees this. */
struct errand {
    struct client client;
    const struct server_options *options;
    const struct narrator *narrator;
    const struct threads *threads;
};

static void *serve_client(void *argument)
{
    struct errand errand = *(struct errand *)argument;
    free(argument);
    struct narrator narrator;
    narrate_in_thread(&narrator, errand.narrator);
    narrate_say(&narrator, "a new thread serves %s", errand.client.address);
    echo_client(&errand.client, errand.options, &narrator);
    narrate_close(&narrator);

    /* The kernel gave a stop signal to one thread. If it was this one, the first, which ends the others, has to know.
     */
    if (stop_signal())
        pthread_kill(errand.threads->first, stop_signal());
    pthread_t self = pthread_self();
    while (write(errand.threads->ended[1], &self, sizeof self) == -1 && errno == EINTR)
        ;
    return NULL;
}

/* Takes back the threads that have ended. The pipe has something to be read, or `wait_ms` is waited for it. */
static void join_ended(struct threads *threads, int wait_ms)
{
    struct pollfd ready = {.fd = threads->ended[0], .events = POLLIN};
    pthread_t ended;
    while (poll(&ready, 1, wait_ms) == 1 && read(threads->ended[0], &ended, sizeof ended) == (ssize_t)sizeof ended) {
        pthread_join(ended, NULL);
        for (size_t i = 0; i < threads->count; i++)
            if (pthread_equal(threads->living[i], ended))
                threads->living[i] = threads->living[--threads->count];
        wait_ms = 0;
    }
}

/* Waits until a client has come or a thread has ended. Returns false when a stop signal came. */
static bool await_client_or_thread(int listen_fd, struct threads *threads, bool *has_client)
{
    struct pollfd waiting[] = {{.fd = threads->ended[0], .events = POLLIN}, {.fd = listen_fd, .events = POLLIN}};
    if (await_any(waiting, listen_fd == -1 ? 1 : 2, -1) == -1)
        return false;
    if (waiting[0].revents)
        join_ended(threads, 0);
    *has_client = listen_fd != -1 && waiting[1].revents;
    return true;
}

/* Waits for the clients that are still served; a stop signal ends their threads, wherever they wait. */
static void end_threads(struct threads *threads)
{
    bool has_client;
    while (threads->count > 0 && await_client_or_thread(-1, threads, &has_client))
        ;
    while (threads->count > 0) { /* again and again: one may not have fallen asleep yet when it was told */
        for (size_t i = 0; i < threads->count; i++)
            pthread_kill(threads->living[i], stop_signal());
        join_ended(threads, 100);
    }
    free(threads->living);
    close(threads->ended[0]);
    close(threads->ended[1]);
}

static bool make_room(struct threads *threads)
{
    if (threads->count < threads->room)
        return true;
    size_t room = threads->room ? threads->room * 2 : 64;
    pthread_t *living = realloc(threads->living, room * sizeof *living);
    if (living == NULL)
        return false;
    threads->living = living;
    threads->room = room;
    return true;
}

/* Starts the thread that does `errand`. Returns 0 or what went wrong, as the functions of pthread do. */
static int start_thread(struct threads *threads, const struct errand *errand)
{
    pthread_attr_t attributes;
    struct errand *copy = malloc(sizeof *copy); /* ours may be gone before the thread has begun */
    if (copy == NULL || !make_room(threads)) {
        free(copy);
        return ENOMEM;
    }
    *copy = *errand;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int error = pthread_create(&threads->living[threads->count], &attributes, serve_client, copy);
    pthread_attr_destroy(&attributes);
    if (error)
        free(copy);
    else
        threads->count++;
    return error;
}

/* No more threads are to be had: the client is turned away, and that is said once until one can be had again. */
static void turn_away(const struct client *client, int error, bool *already_said)
{
    errno = error;
    if (!*already_said)
        report_errno("pthread_create, clients are turned away");
    *already_said = true;
    close(client->connection);
}

int serve_thread(int listen_fd, const struct server_options *options, struct narrator *narrator)
{
    struct threads threads = {.first = pthread_self()};
    bool trouble_said = false, thread_trouble_said = false;
    int status = EXIT_DONE;
    if (pipe(threads.ended) == -1 || set_descriptor_flags(threads.ended[0]) == -1) {
        report_errno("pipe");
        close(listen_fd);
        return EXIT_WORLD;
    }
    for (long long served = 0; options->max_clients == 0 || served < options->max_clients;) {
        struct sockaddr_storage peer;
        socklen_t peer_size = sizeof peer;
        struct errand errand = {.options = options, .narrator = narrator, .threads = &threads};
        struct client *client = &errand.client;

        if (options->pause_accept_ms && await(-1, 0, options->pause_accept_ms) == -1)
            break;
        narrate_call(narrator, "accept(%d)", listen_fd);
        narrate_wait(narrator, listen_fd, POLLIN, "no connection is waiting");
        bool goes_on, has_client = false;
        while ((goes_on = await_client_or_thread(listen_fd, &threads, &has_client)) && !has_client)
            ;
        if (!goes_on)
            break;
        client->connection = accept(listen_fd, (struct sockaddr *)&peer, &peer_size);
        if (client->connection == -1) {
            if (accept_again(&trouble_said))
                continue;
            status = EXIT_WORLD;
            break;
        }
        trouble_said = false;
        set_descriptor_flags(client->connection); /* can't fail on an open socket */
        address_text((struct sockaddr *)&peer, client->address);
        narrate_result(narrator, client->connection, client->connection, "from %s", client->address);

        int error = start_thread(&threads, &errand);
        if (error)
            turn_away(client, error, &thread_trouble_said);
        else
            thread_trouble_said = false;
        served++;
    }
    close(listen_fd); /* no new clients while the last ones are served */
    end_threads(&threads);
    return status;
}
