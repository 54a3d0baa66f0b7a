/* script_run.c: each line waits for what it expects, never for a time; the time only ends a wait that is in vain. */
#include "script_run.h"

#include "common/await.h"
#include "common/report.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { USUAL_MS = 20000, QUIET_MS = 1000, NAMES_MAX = 64 };

/* A frame that the script has expected: it stays on the wire until it is delivered or dropped. */
struct claimed {
    struct frame *frame;
    char name[NAME_MAX_LENGTH + 1];
};

struct player {
    struct wire *wire;
    const struct script *script;
    const struct statement *statement; /* the one that is played */
    const char *why;                   /* what it means if it does not come true, "" = nobody says */
    struct claimed claimed[NAMES_MAX];
    int claimed_count;
    struct frame *last;        /* the packet expected last, while it is on the wire */
    int connection;            /* and its connection */
    char output[2][64 * 1024]; /* what the hosts' programs have printed, line by line */
    size_t output_length[2];
    int pace_ms;  /* before each decision, for people to follow */
    double scale; /* NETSTEP_TIMEOUT_SCALE */
};

struct hosts_options script_hosts(const struct script *script)
{
    struct hosts_options options = {.quick_ack = true, .together = true};
    for (int i = 0; i < script->count; i++) {
        if (script->statements[i].verb == VERB_TIMERS)
            options.stand_still = script->statements[i].number == 1;
        if (script->statements[i].verb == VERB_QUICKACK)
            options.quick_ack = script->statements[i].number == 1;
    }
    return options;
}

const char *script_title(const struct script *script)
{
    for (int i = 0; i < script->count; i++)
        if (script->statements[i].verb == VERB_TITLE)
            return script->statements[i].text;
    return "";
}

/* Ends the script: the line, and what was there instead. Returns false. */
static bool fail(struct player *player, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct player *player, const char *format, ...)
{
    char reason[600], text[1600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    long line = player->statement - player->script->statements;
    snprintf(text, sizeof text, "%s:%d: %s: %s%s%s", player->script->file, player->statement->line,
             player->script->written[line], reason, *player->why ? ": " : "", player->why);
    wire_note(player->wire, EVENT_FAILED, text);
    report("%s", text);
    return false;
}

static bool interrupted(struct player *player)
{
    return fail(player, "interrupted by %s", stop_signal_name());
}

/* Keeps what is printed, for lines that wait for it. When the room is full the older half goes. */
static void see_output(void *context, const struct event *event)
{
    struct player *player = context;
    if (event->kind != EVENT_OUTPUT)
        return;
    char *kept = player->output[event->host];
    size_t *length = &player->output_length[event->host], room = sizeof player->output[0];
    size_t added = strlen(event->text) + 1;
    if (*length + added >= room) {
        memmove(kept, kept + room / 2, *length - room / 2);
        *length -= room / 2;
    }
    memcpy(kept + *length, event->text, added - 1);
    kept[*length + added - 1] = '\n';
    *length += added;
    kept[*length] = '\0';
}

/* A host whose programs have all ended, and whose kernel has no connection left, does nothing any more by itself. */
static bool is_done(const struct wire *wire, enum host_id host)
{
    if (wire->run_count[host] == 0 || wire_runs(wire, host))
        return false;
    for (int state = 1; state < STATE_COUNT; state++)
        if (states_have(&wire->states, host, (enum tcp_state)state, 0))
            return false;
    return true;
}

/* Whether nothing will come of waiting. While packets are let through, it may come as the answer to one. */
static bool is_in_vain(const struct player *player)
{
    const struct statement *statement = player->statement;
    return statement->verb != VERB_STATES && is_done(player->wire, statement->host) &&
           (statement->verb != VERB_PASS || is_done(player->wire, other_host(statement->host)));
}

/* Fails because something did not come: a program of that host that has failed may be why. */
static bool fail_in_vain(struct player *player, const char *what)
{
    const struct wire *wire = player->wire;
    char ended[ENDED_TEXT_SIZE];
    for (int i = wire->command_count - 1; i >= 0; i--) {
        const struct command *command = &wire->commands[i];
        if (command->host == player->statement->host && command->ended && command->status != 0)
            return fail(player, "%s; what was run there has ended: %s", what,
                        command_ended_text(command->status, ended));
    }
    return fail(player, "%s", what);
}

/* Waits until `is_there` says so. Returns 1; 0 when the time is over; -1 with a stop signal. */
typedef bool condition_fn(struct player *player);
static int wait_until(struct player *player, condition_fn *is_there)
{
    int limit_ms = player->statement->within_ms ? player->statement->within_ms : USUAL_MS;
    long long end = now_us() + (long long)(limit_ms * player->scale) * 1000;
    while (!is_there(player)) {
        long long left_ms = (end - now_us()) / 1000;
        if (left_ms <= 0)
            return 0;
        int happened = wire_wait(player->wire, left_ms > QUIET_MS ? QUIET_MS : (int)left_ms);
        if (happened == -1)
            return -1;
        if (happened == 0 && is_in_vain(player) && !is_there(player))
            return 0;
    }
    return 1;
}

/* ---- packets */

static bool is_claimed(const struct player *player, const struct frame *frame)
{
    for (int i = 0; i < player->claimed_count; i++)
        if (player->claimed[i].frame == frame)
            return true;
    return false;
}

/* The next packet of the statement's host that was not expected yet, or NULL. */
static struct frame *next_frame(const struct player *player)
{
    for (struct frame *frame = player->wire->first_held; frame; frame = frame->next)
        if (frame->from == player->statement->host && !is_claimed(player, frame))
            return frame;
    return NULL;
}

static bool has_frame(struct player *player)
{
    return next_frame(player) != NULL;
}

static bool claim(struct player *player, struct frame *frame)
{
    if (player->claimed_count == NAMES_MAX)
        return fail(player, "more than %d packets are kept on the wire", NAMES_MAX);
    player->claimed[player->claimed_count++] = (struct claimed){.frame = frame};
    player->last = frame;
    player->connection = frame->connection;
    return true;
}

static void unclaim(struct player *player, const struct frame *frame)
{
    for (int i = 0; i < player->claimed_count; i++)
        if (player->claimed[i].frame == frame)
            player->claimed[i--] = player->claimed[--player->claimed_count];
    if (player->last == frame)
        player->last = NULL;
}

static bool play_expect(struct player *player)
{
    char text[256];
    int there = wait_until(player, has_frame);
    if (there == -1)
        return interrupted(player);
    if (there == 0)
        return fail_in_vain(player, player->statement->host == CLIENT ? "no packet came from the client"
                                                                      : "no packet came from the server");
    struct frame *frame = next_frame(player);
    if (!pattern_matches(&player->statement->pattern, frame))
        return fail(player, "instead came packet %d: %s%s", frame->number, frame_text(frame, text, sizeof text),
                    frame->repeat_of ? " (a repeat)" : "");
    return claim(player, frame);
}

/* Lets packets of both hosts through until the one that is wanted is there. */
static bool found_or_passed(struct player *player)
{
    struct frame *next;
    for (struct frame *frame = player->wire->first_held; frame; frame = next) {
        next = frame->next;
        if (is_claimed(player, frame))
            continue;
        if (frame->from == player->statement->host && pattern_matches(&player->statement->pattern, frame)) {
            player->last = frame;
            return true;
        }
        wire_deliver(player->wire, frame, false);
    }
    return false;
}

static bool play_pass(struct player *player)
{
    int there = wait_until(player, found_or_passed);
    if (there == -1)
        return interrupted(player);
    return there ? claim(player, player->last) : fail_in_vain(player, "it did not come");
}

static bool play_nothing(struct player *player)
{
    char text[256];
    wire_wait(player->wire, 0); /* what a delivered packet has led to is on the wire already */
    const struct frame *frame = next_frame(player);
    if (frame)
        return fail(player, "there is packet %d: %s", frame->number, frame_text(frame, text, sizeof text));
    return true;
}

/* The packet that the statement names. */
static struct frame *named(struct player *player)
{
    const char *name = player->statement->text;
    if (*name == '\0' && player->last == NULL)
        fail(player, "which packet? the one expected last is on the wire no more");
    if (*name == '\0')
        return player->last;
    for (int i = 0; i < player->claimed_count; i++)
        if (strcmp(player->claimed[i].name, name) == 0)
            return player->claimed[i].frame;
    fail(player, "no packet on the wire was kept under that name");
    return NULL;
}

static bool play_keep(struct player *player)
{
    if (player->last == NULL)
        return fail(player, "which packet? the one expected last is on the wire no more");
    for (int i = 0; i < player->claimed_count; i++)
        if (player->claimed[i].frame == player->last)
            snprintf(player->claimed[i].name, sizeof player->claimed[i].name, "%s", player->statement->text);
    return true;
}

/* Lets people look, while the network goes on as it does. Returns false after a stop signal. */
static bool let_look(struct player *player)
{
    long long end = now_us() + player->pace_ms * 1000LL, left_us;
    while (player->pace_ms > 0 && (left_us = end - now_us()) > 0)
        if (wire_wait(player->wire, (int)(left_us / 1000) + 1) == -1)
            return interrupted(player);
    return true;
}

static bool play_decision(struct player *player)
{
    struct frame *frame = named(player);
    if (frame == NULL || !let_look(player))
        return false;
    player->connection = frame->connection;
    if (player->statement->verb == VERB_DUPLICATE) {
        wire_deliver(player->wire, frame, true);
        return true;
    }
    unclaim(player, frame);
    if (player->statement->verb == VERB_DELIVER)
        wire_deliver(player->wire, frame, false);
    else
        wire_drop(player->wire, frame, "");
    return true;
}

static bool play_free(struct player *player)
{
    player->claimed_count = 0;
    player->last = NULL;
    wire_let_go(player->wire);
    return true;
}

/* ---- states */

static struct state_pair states_now(const struct player *player)
{
    return states_of(&player->wire->states, connection_numbered(&player->wire->connections, player->connection));
}

static bool are_in_states(struct player *player)
{
    struct state_pair now = states_now(player);
    return now.of[CLIENT] == player->statement->states[CLIENT] && now.of[SERVER] == player->statement->states[SERVER];
}

static bool play_states(struct player *player)
{
    if (player->connection == 0)
        return fail(player, "of which connection? no packet has been expected yet");
    wire_look(player->wire);
    int there = wait_until(player, are_in_states);
    struct state_pair now = states_now(player);
    if (there == -1)
        return interrupted(player);
    return there ? true
                 : fail(player, "they are %s %s", event_state_name(now.of[CLIENT]), event_state_name(now.of[SERVER]));
}

static bool is_in_state(struct player *player)
{
    const struct statement *statement = player->statement;
    if (statement->states[0] != STATE_CLOSED)
        return states_have(&player->wire->states, statement->host, statement->states[0], 0);
    for (int state = 1; state < STATE_COUNT; state++)
        if (states_have(&player->wire->states, statement->host, (enum tcp_state)state, 0))
            return false;
    return true;
}

static bool play_state(struct player *player)
{
    wire_look(player->wire);
    int there = wait_until(player, is_in_state);
    if (there == -1)
        return interrupted(player);
    return there ? true
                 : fail_in_vain(player, player->statement->states[0] == STATE_CLOSED ? "there still are sockets"
                                                                                     : "no socket is in that state");
}

/* ---- commands */

/* The command that was started last on the statement's host. */
static struct command *newest(struct player *player)
{
    struct wire *wire = player->wire;
    for (int i = wire->command_count - 1; i >= 0; i--)
        if (wire->commands[i].host == player->statement->host)
            return &wire->commands[i];
    fail(player, "nothing was run on the %s", host_name(player->statement->host));
    return NULL;
}

static bool play_input(struct player *player)
{
    struct command *command = newest(player);
    if (command == NULL)
        return false;
    if (command->input == -1)
        return fail(player, "its standard input is closed");
    char text[SCRIPT_LINE_SIZE + 1];
    snprintf(text, sizeof text, "%s\n", player->statement->text);
    if (await_write_all(command->input, text, strlen(text)) == -1)
        return fail(player, "%s", strerror(errno));
    return true;
}

static bool play_end_input(struct player *player)
{
    struct command *command = newest(player);
    if (command)
        command_close_input(command);
    return command != NULL;
}

static bool play_signal(struct player *player)
{
    struct command *command = newest(player);
    if (command == NULL)
        return false;
    if (command->ended)
        return fail(player, "it has ended already");
    kill(-command->pid, player->statement->number); /* its whole process group: the shell and what it runs */
    return true;
}

static bool has_ended(struct player *player)
{
    const struct command *command = newest(player);
    return command && command->ended;
}

static bool play_exit(struct player *player)
{
    char text[ENDED_TEXT_SIZE];
    const struct command *command = newest(player);
    if (command == NULL)
        return false;
    int there = wait_until(player, has_ended);
    if (there == -1)
        return interrupted(player);
    if (there == 0)
        return fail(player, "it still runs");
    bool as_said = player->statement->number == -1
                       ? WIFSIGNALED(command->status)
                       : WIFEXITED(command->status) && WEXITSTATUS(command->status) == player->statement->number;
    return as_said ? true : fail(player, "%s", command_ended_text(command->status, text));
}

static bool was_printed(struct player *player)
{
    return strstr(player->output[player->statement->host], player->statement->text) != NULL;
}

static bool play_output(struct player *player)
{
    int there = wait_until(player, was_printed);
    if (there == -1)
        return interrupted(player);
    return there ? true : fail_in_vain(player, "nothing like it was printed there");
}

static bool play_set(struct player *player)
{
    const struct statement *statement = player->statement;
    if (host_set(&player->wire->hosts, statement->host, statement->text, statement->second) == -1)
        return fail(player, "%s", strerror(errno));
    return true;
}

static bool play(struct player *player)
{
    const struct statement *statement = player->statement;
    switch (statement->verb) {
    case VERB_TITLE:
    case VERB_TIMERS:
    case VERB_QUICKACK: return true;
    case VERB_SAY: wire_note(player->wire, EVENT_NOTE, statement->text); return let_look(player);
    case VERB_WHY: player->why = statement->text; return true;
    case VERB_SET: return play_set(player);
    case VERB_RUN:
        return wire_run(player->wire, statement->host, statement->text, true) ? true
                                                                              : fail(player, "it can't be started");
    case VERB_INPUT: return play_input(player);
    case VERB_END_INPUT: return play_end_input(player);
    case VERB_SIGNAL: return play_signal(player);
    case VERB_EXIT: return play_exit(player);
    case VERB_OUTPUT: return play_output(player);
    case VERB_STATE: return play_state(player);
    case VERB_STATES: return play_states(player);
    case VERB_EXPECT: return play_expect(player);
    case VERB_PASS: return play_pass(player);
    case VERB_NOTHING: return play_nothing(player);
    case VERB_KEEP: return play_keep(player);
    case VERB_DELIVER:
    case VERB_DROP:
    case VERB_DUPLICATE: return play_decision(player);
    case VERB_FREE: return play_free(player);
    }
    return false;
}

int script_run(struct wire *wire, const struct script *script, int pace_ms)
{
    struct player *player = calloc(1, sizeof *player);
    const char *scale = getenv("NETSTEP_TIMEOUT_SCALE");
    if (player == NULL) {
        report_errno("%s", script->file);
        return EXIT_WORLD;
    }
    player->wire = wire;
    player->script = script;
    player->why = "";
    player->pace_ms = pace_ms;
    player->scale = scale && strtod(scale, NULL) > 0 ? strtod(scale, NULL) : 1;
    wire->hold = true;
    wire_add_view(wire, see_output, player);
    bool good = true;
    for (int i = 0; good && i < script->count; i++) {
        player->statement = &script->statements[i];
        good = play(player);
    }
    wire->view_count--; /* ours was the last */
    free(player);
    return good ? EXIT_DONE : EXIT_WORLD;
}
