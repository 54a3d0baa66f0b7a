/* script_run.c: each line waits for what it expects, never for a time; the time only ends a wait that is in vain. */
#include "script_run.h"

#include "common/await.h"
#include "common/report.h"
#include "player.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct hosts_options script_hosts(const struct script *script)
{
    struct hosts_options options = {.quick_ack = true, .together = true};
    for (int i = 0; i < script->count; i++) {
        if (script->statements[i].verb == VERB_TIMERS)
            options.timers = (enum timers)script->statements[i].number;
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

/* Keeps what each host's newest command prints, for lines that wait for it. When the room is full the older half goes.
 */
static void see_output(void *context, const struct event *event)
{
    struct player *player = context;
    if (event->kind == EVENT_RUN) {
        player->newest[event->host] = event->number;
        player->output_length[event->host] = 0;
        player->output[event->host][0] = '\0';
    }
    if (event->kind != EVENT_OUTPUT || event->number != player->newest[event->host])
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
        return player_fail(player, "of which connection? no packet has been expected yet");
    wire_look(player->wire);
    int there = player_wait_until(player, are_in_states);
    struct state_pair now = states_now(player);
    if (there == -1)
        return player_interrupted(player);
    return there ? true
                 : player_fail(player, "they are %s %s", event_state_name(now.of[CLIENT]),
                               event_state_name(now.of[SERVER]));
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
    int there = player_wait_until(player, is_in_state);
    if (there == -1)
        return player_interrupted(player);
    return there ? true
                 : player_fail_in_vain(player, player->statement->states[0] == STATE_CLOSED
                                                   ? "there still are sockets"
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
    player_fail(player, "nothing was run on the %s", host_name(player->statement->host));
    return NULL;
}

static bool play_input(struct player *player)
{
    struct command *command = newest(player);
    if (command == NULL)
        return false;
    if (command->input == -1)
        return player_fail(player, "its standard input is closed");
    char text[SCRIPT_LINE_SIZE + 1];
    snprintf(text, sizeof text, "%s\n", player->statement->text);
    if (await_write_all(command->input, text, strlen(text)) == -1)
        return player_fail(player, "%s", strerror(errno));
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
        return player_fail(player, "it has ended already");
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
    int there = player_wait_until(player, has_ended);
    if (there == -1)
        return player_interrupted(player);
    if (there == 0)
        return player_fail(player, "it still runs");
    bool as_said = player->statement->number == -1
                       ? WIFSIGNALED(command->status)
                       : WIFEXITED(command->status) && WEXITSTATUS(command->status) == player->statement->number;
    return as_said ? true : player_fail(player, "%s", command_ended_text(command->status, text));
}

static bool was_printed(struct player *player)
{
    return strstr(player->output[player->statement->host], player->statement->text) != NULL;
}

static bool play_output(struct player *player)
{
    int there = player_wait_until(player, was_printed);
    if (there == -1)
        return player_interrupted(player);
    return there ? true : player_fail_in_vain(player, "nothing like it was printed there");
}

static bool play_set(struct player *player)
{
    const struct statement *statement = player->statement;
    if (host_set(&player->wire->hosts, statement->host, statement->text, statement->second) == -1)
        return player_fail(player, "%s", strerror(errno));
    return true;
}

static bool play_run(struct player *player)
{
    const struct statement *statement = player->statement;
    if (player->wire->command_count == COMMANDS_MAX)
        return player_fail(player, "more than %d commands", COMMANDS_MAX);
    if (wire_run(player->wire, statement->host, statement->text, true) == NULL)
        return player_fail(player, "%s", strerror(errno));
    player_started(player);
    return true;
}

static bool play(struct player *player)
{
    const struct statement *statement = player->statement;
    switch (statement->verb) {
    case VERB_TITLE:
    case VERB_TIMERS:
    case VERB_QUICKACK: return true;
    case VERB_SAY: wire_note(player->wire, EVENT_NOTE, statement->text); return player_let_look(player);
    case VERB_WHY: player->why = statement->text; return true;
    case VERB_SET: return play_set(player);
    case VERB_RUN: return play_run(player);
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
        if (good)
            player_came_true(player);
    }
    good = good && player_hear_ends(player);
    wire->view_count--; /* ours was the last */
    free(player);
    return good ? EXIT_DONE : EXIT_WORLD;
}
