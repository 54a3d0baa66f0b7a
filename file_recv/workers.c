/* workers.c: many senders at once, each served by a process of its own.
 *
 * A process that has served a sender waits a while for the next one: to make a process for each of a thousand small
 * files would take longer than to receive them. We, the parent, only look after that one is waiting: as long as none
 * is, we watch the listening socket ourselves, and start one when a connection comes.
 */
#include "common/accept_again.h"
#include "common/await.h"
#include "common/descriptor.h"
#include "common/report.h"
#include "recv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IDLE_MS = 3000 }; /* how long a process waits for its next sender */

int serve_one(int listen_fd, int directory, char *buffer, int limit_ms, const struct recv_options *options,
              void (*serving)(void *context), void *context)
{
    struct transfer transfer = {.connection = -1};
    struct sockaddr_storage peer;
    bool trouble_said = false;
    while (transfer.connection == -1) {
        socklen_t size = sizeof peer;
        if (await(listen_fd, POLLIN, limit_ms) <= 0)
            return -1;
        transfer.connection = accept(listen_fd, (struct sockaddr *)&peer, &size);
        if (transfer.connection == -1 && !accept_again(&trouble_said))
            return -1;
    }
    set_descriptor_flags(transfer.connection); /* can't fail on an open socket */
    address_text((struct sockaddr *)&peer, transfer.peer);
    if (serving)
        serving(context);
    receive_file(&transfer, directory, buffer, options);
    tell_outcome(&transfer, options);
    return (int)transfer.outcome;
}

/* What a worker tells its parent: who it is, and whether it serves a sender now. In one write, so it stays whole. */
struct note {
    pid_t pid;
    int busy; /* 0 or 1; no bool, behind which bytes of nothing would be written too */
};

struct worker {
    pid_t pid;
    bool busy;
};

struct workers {
    struct worker *list; /* ours to free */
    size_t count;
    int notes[2]; /* a pipe of struct note, from all of them */
};

static void tell_busy(void *context)
{
    int notes = *(int *)context;
    struct note note = {.pid = getpid(), .busy = 1};
    if (write(notes, &note, sizeof note) == -1)
        _exit(EXIT_WORLD); /* our parent is gone */
}

/* A worker's life: sender after sender. */
static void work(int listen_fd, int directory, int notes, const struct recv_options *options)
{
    char *buffer = malloc((size_t)options->buffer);
    if (buffer == NULL) {
        report("no memory for --buffer %d", options->buffer);
        _exit(EXIT_WORLD);
    }
    struct note idle = {.pid = getpid(), .busy = 0};
    while (serve_one(listen_fd, directory, buffer, IDLE_MS, options, tell_busy, &notes) != -1 && !stop_signal())
        if (write(notes, &idle, sizeof idle) == -1)
            break;
    free(buffer);
    close(directory);
    close(listen_fd);
    close(notes);
    _exit(EXIT_DONE);
}

static void start_worker(struct workers *workers, int listen_fd, int directory, const struct recv_options *options)
{
    pid_t child = fork();
    if (child == -1) {
        report_errno("fork, senders wait in the queue");
        await(-1, 0, 100);
    } else if (child == 0) {
        close(workers->notes[0]); /* so that a note fails when our parent is gone */
        free(workers->list);
        work(listen_fd, directory, workers->notes[1], options);
    } else {
        workers->list[workers->count++] = (struct worker){.pid = child};
    }
}

static struct worker *find_worker(struct workers *workers, pid_t pid)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->list[i].pid == pid)
            return &workers->list[i];
    return NULL;
}

/* Takes the exit status of every worker that has ended. */
static void reap(struct workers *workers)
{
    pid_t ended;
    while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct worker *worker = find_worker(workers, ended);
        if (worker)
            *worker = workers->list[--workers->count];
    }
}

static void read_notes(struct workers *workers)
{
    struct note notes[64];
    ssize_t got = read(workers->notes[0], notes, sizeof notes);
    for (ssize_t i = 0; i < got / (ssize_t)sizeof notes[0]; i++) {
        struct worker *worker = find_worker(workers, notes[i].pid);
        if (worker)
            worker->busy = notes[i].busy;
    }
}

static bool one_waits(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (!workers->list[i].busy)
            return true;
    return false;
}

static void end_workers(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        kill(workers->list[i].pid, SIGTERM);
    while (workers->count > 0)
        if (waitpid(workers->list[workers->count - 1].pid, NULL, 0) != -1 || errno != EINTR)
            workers->count--;
}

/* Sleeps until something is to be done, and does it. Returns false when a stop signal came. */
static bool look_after(struct workers *workers, int listen_fd, int directory, const struct recv_options *options)
{
    bool watch = !one_waits(workers) && workers->count < (size_t)options->max_senders;
    struct pollfd waiting[] = {
        {.fd = workers->notes[0], .events = POLLIN},
        {.fd = watch ? listen_fd : -1, .events = POLLIN},
    };
    int ready = await_any_or_child(waiting, 2, -1);
    if (ready == -1 && errno != EAGAIN)
        return false;
    if (ready > 0 && waiting[0].revents)
        read_notes(workers);
    else if (ready > 0 && waiting[1].revents)
        start_worker(workers, listen_fd, directory, options);
    reap(workers);
    return true;
}

int serve_many(int listen_fd, int directory, const struct recv_options *options)
{
    struct workers workers = {.list = calloc((size_t)options->max_senders, sizeof *workers.list)};
    if (workers.list == NULL || pipe(workers.notes) == -1) {
        report_errno("what is needed for --max-senders %d", options->max_senders);
        free(workers.list);
        close(listen_fd);
        return EXIT_WORLD;
    }
    set_descriptor_flags(workers.notes[0]);
    fcntl(workers.notes[1], F_SETFD, FD_CLOEXEC);
    while (look_after(&workers, listen_fd, directory, options))
        ;
    close(listen_fd);
    end_workers(&workers);
    close(workers.notes[0]);
    close(workers.notes[1]);
    free(workers.list);
    return EXIT_DONE;
}
