/* core.c: the one loop in which frames, lines, ends of programs and changes of state become events. */
#define _GNU_SOURCE
#include "core_parts.h"

#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of what a program prints: endless output is not to fill the disk. */
enum { LINES_TOLD = 2000 };

void wire_emit(void *context, const struct event *event)
{
    struct wire *wire = context;
    struct event stamped = *event;
    stamped.time_us = now_us() - wire->began_us;
    if (event->kind == EVENT_STATE)
        stamped.connection = connection_between(&wire->connections, event->host, &event->local, &event->remote);
    wire->event_count++;
    for (int i = 0; i < wire->view_count; i++)
        wire->views[i].see(wire->views[i].context, &stamped);
}

void wire_add_view(struct wire *wire, view_fn *see, void *context)
{
    if (wire->view_count < VIEWS_MAX)
        wire->views[wire->view_count++] = (struct view){see, context};
}

void wire_note(struct wire *wire, enum event_kind kind, const char *text)
{
    wire_emit(wire, &(struct event){.kind = kind, .text = text});
}

/* The server's first: what a client does comes of what a server did. */
void wire_tell_changes(struct wire *wire)
{
    states_changes(&wire->states, SERVER, wire_emit, wire);
    states_changes(&wire->states, CLIENT, wire_emit, wire);
}

int wire_look(struct wire *wire)
{
    wire->looked_us = now_us();
    if (states_read(&wire->states, &wire->hosts) == -1)
        return -1;
    wire_tell_changes(wire);
    return 0;
}

/* ---- commands */

static void tell_line(void *context, struct command *command, const char *line)
{
    struct wire *wire = context;
    if (command->host == SERVER && strncmp(line, "listening on", strlen("listening on")) == 0)
        wire->servers_ready++;
    if (command->lines++ > LINES_TOLD)
        return;
    if (command->lines > LINES_TOLD)
        line = "... what else it prints is not shown";
    wire_emit(context,
              &(struct event){.kind = EVENT_OUTPUT, .host = command->host, .number = command->number, .text = line});
}

struct command *wire_run(struct wire *wire, enum host_id host, const char *text, bool with_input)
{
    if (wire->command_count == COMMANDS_MAX) {
        errno = EAGAIN;
        return NULL;
    }
    struct command *command = &wire->commands[wire->command_count];
    wire_emit(wire,
              &(struct event){.kind = EVENT_RUN, .host = host, .number = wire->run_count[host] + 1, .text = text});
    if (command_start(command, &wire->hosts, host, text, with_input) == -1)
        return NULL;
    wire->command_count++;
    command->number = ++wire->run_count[host];
    return command;
}

/* Which of our commands have ended. */
static void take_ends(struct wire *wire)
{
    for (int i = 0; i < wire->command_count; i++) {
        struct command *command = &wire->commands[i];
        if (command->ended || waitpid(command->pid, &command->status, WNOHANG) != command->pid)
            continue;
        char text[ENDED_TEXT_SIZE];
        command->ended = true;
        wire_look(wire); /* what its end has closed stands before its end */
        command_read(command, true, tell_line, wire);
        command_close_input(command);
        wire_emit(wire, &(struct event){.kind = EVENT_EXIT,
                                        .host = command->host,
                                        .number = command->number,
                                        .text = command_ended_text(command->status, text)});
    }
}

bool wire_runs(const struct wire *wire, enum host_id host)
{
    for (int i = 0; i < wire->command_count; i++)
        if (wire->commands[i].host == host && !wire->commands[i].ended)
            return true;
    return false;
}

/* ---- the loop */

/* How long may be slept: until the next look, the next arrival, or the end of the time. */
static int sleep_ms(const struct wire *wire, long long end_us)
{
    long long now = now_us(), until = wire->looked_us + LOOK_MS * 1000LL;
    if (wire->first_travelling && wire->first_travelling->due_us < until)
        until = wire->first_travelling->due_us;
    if (end_us >= 0 && end_us < until)
        until = end_us;
    return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

/* Everything that can be waited for: cables, who wants to join, outputs, the owner's. Returns how many. */
static size_t fill(const struct wire *wire, struct pollfd *waiting)
{
    size_t count = 0;
    for (int host = 0; host < HOSTS; host++)
        waiting[count++] = (struct pollfd){.fd = wire->hosts.of[host].cable, .events = POLLIN};
    waiting[count++] = (struct pollfd){.fd = wire->join, .events = POLLIN};
    for (int i = 0; i < wire->command_count; i++)
        waiting[count++] = (struct pollfd){.fd = wire->commands[i].output, .events = POLLIN};
    for (int i = 0; i < wire->extra_count; i++)
        waiting[count++] = wire->extra[i];
    return count;
}

/* Takes what has come. Returns whether one of the owner's descriptors is ready. */
static bool take(struct wire *wire, const struct pollfd *ready)
{
    const struct pollfd *join = ready + HOSTS, *outputs = join + 1, *extra = outputs + wire->command_count;
    bool for_owner = false;
    for (int i = 0; i < wire->extra_count; i++) {
        wire->extra[i].revents = extra[i].revents;
        for_owner |= extra[i].revents != 0;
    }
    /* What a program says stands behind the change of state that it tells, and before what it then sends. */
    bool said = false;
    for (int i = 0; i < wire->command_count; i++)
        said |= outputs[i].revents != 0;
    if (said)
        wire_look(wire);
    for (int i = 0; i < wire->command_count; i++)
        if (outputs[i].revents)
            command_read(&wire->commands[i], false, tell_line, wire);
    for (int host = 0; host < HOSTS; host++)
        if (ready[host].revents)
            wire_take_frames(wire, (enum host_id)host);
    if (join->revents)
        join_answer(wire->join, &wire->hosts);
    return for_owner;
}

int wire_wait(struct wire *wire, int timeout_ms)
{
    struct pollfd waiting[HOSTS + 1 + COMMANDS_MAX + EXTRA_MAX];
    long long end_us = timeout_ms < 0 ? -1 : now_us() + timeout_ms * 1000LL;
    long long events = wire->event_count;
    for (;;) {
        size_t count = fill(wire, waiting);
        int ready = await_any_or_child(waiting, count, sleep_ms(wire, end_us));
        if (ready == -1 && errno == EINTR)
            return -1;
        bool for_owner = ready > 0 && take(wire, waiting);
        take_ends(wire);
        wire_deliver_due(wire);
        if (now_us() - wire->looked_us >= LOOK_MS * 1000LL && wire_look(wire) == -1)
            return -1;
        if (for_owner || wire->event_count != events)
            return 1;
        if (end_us >= 0 && now_us() >= end_us)
            return 0;
    }
}

int wire_open(struct wire *wire, const struct hosts_options *options, const char *title)
{
    wire->began_us = now_us();
    bad_network_begin(&wire->network);
    wire->join = join_listen(); /* while we still are in the machine's network */
    if (hosts_open(&wire->hosts, options) == -1)
        return -1;
    if (wire_look(wire) == -1) {
        report_errno("the hosts' sockets");
        return -1;
    }
    wire_note(wire, EVENT_BEGIN, title);
    return 0;
}

static void throw_away(struct frame *list)
{
    while (list) {
        struct frame *next = list->next;
        free(list);
        list = next;
    }
}

void wire_close(struct wire *wire)
{
    if (wire->began_us == 0)
        return; /* it was never opened */
    wire_note(wire, EVENT_END, "");
    if (wire->join != -1)
        close(wire->join);
    hosts_close(&wire->hosts);
    for (int i = 0; i < wire->command_count; i++) {
        command_close_input(&wire->commands[i]);
        if (wire->commands[i].output != -1)
            close(wire->commands[i].output);
    }
    throw_away(wire->first_held);
    throw_away(wire->first_travelling);
    states_free(&wire->states);
}
