/* script_wait.c: waiting for what a line expects, and saying why it did not come. */
#include "player.h"

#include "common/await.h"
#include "common/report.h"

#include <stdarg.h>
#include <stdio.h>

enum { USUAL_MS = 20000, QUIET_MS = 1000, SLEEP_MS = 250, LOOK_COUNTS_MS = 500 /* of one look, at most */ };

bool player_fail(struct player *player, const char *format, ...)
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

bool player_interrupted(struct player *player)
{
    return player_fail(player, "interrupted by %s", stop_signal_name());
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

bool player_fail_in_vain(struct player *player, const char *what)
{
    const struct wire *wire = player->wire;
    char ended[ENDED_TEXT_SIZE];
    for (int i = wire->command_count - 1; i >= 0; i--) {
        const struct command *command = &wire->commands[i];
        if (command->host == player->statement->host && command->ended && command->status != 0)
            return player_fail(player, "%s; what was run there has ended: %s", what,
                               command_ended_text(command->status, ended));
    }
    return player_fail(player, "%s", what);
}

/* What of the time since *last_us counts: while the whole machine sleeps, or is stopped, nobody is late. *last_us
 * becomes now. */
static long long counted_us(long long *last_us)
{
    long long now = now_us(), passed = now - *last_us;
    *last_us = now;
    return passed < LOOK_COUNTS_MS * 1000LL ? passed : LOOK_COUNTS_MS * 1000LL;
}

int player_wait_until(struct player *player, condition_fn *is_there)
{
    int limit_ms = player->statement->within_ms ? player->statement->within_ms : USUAL_MS;
    long long left_us = (long long)(limit_ms * player->scale) * 1000, quiet_us = 0, last_us = now_us();
    while (!is_there(player)) {
        if (left_us < 1000)
            return 0;
        int happened = wire_wait(player->wire, left_us < SLEEP_MS * 1000LL ? (int)(left_us / 1000) : SLEEP_MS);
        if (happened == -1)
            return -1;
        long long passed_us = counted_us(&last_us);
        left_us -= passed_us;
        quiet_us = happened ? 0 : quiet_us + passed_us;
        if (quiet_us >= QUIET_MS * 1000LL && is_in_vain(player) && !is_there(player))
            return 0;
    }
    return 1;
}

bool player_let_look(struct player *player)
{
    long long end = now_us() + player->pace_ms * 1000LL, left_us;
    while (player->pace_ms > 0 && (left_us = end - now_us()) > 0)
        if (wire_wait(player->wire, (int)(left_us / 1000) + 1) == -1)
            return player_interrupted(player);
    return true;
}
