/* script_ends.c: a script that came true may have started a program that failed at once, and nobody has asked. */
#include "player.h"

#include "asleep.h"
#include "common/await.h"

enum { SETTLE_MS = 5000, LOOK_AGAIN_MS = 2 };

void player_started(struct player *player)
{
    player->started[player->wire->command_count - 1] = (struct started){player->statement, player->why, false};
}

void player_came_true(struct player *player)
{
    const struct statement *statement = player->statement;
    const struct wire *wire = player->wire;
    bool of_newest = statement->verb == VERB_OUTPUT || statement->verb == VERB_EXIT || statement->verb == VERB_SIGNAL;
    bool of_host = of_newest || statement->verb == VERB_EXPECT || statement->verb == VERB_PASS ||
                   (statement->verb == VERB_STATE && statement->states[0] != STATE_CLOSED);
    bool of_both = statement->verb == VERB_STATES;
    for (int i = 0; i < wire->command_count; i++) {
        const struct command *command = &wire->commands[i];
        if (of_both || (of_host && command->host == statement->host &&
                        (!of_newest || command->number == wire->run_count[command->host])))
            player->started[i].heard_of = true;
    }
}

/* Waits until the program has ended, or does nothing more by itself. One that computes without end is not waited for.
 */
static bool await_settled(struct player *player, const struct command *command)
{
    long long end = now_us() + (long long)(SETTLE_MS * player->scale) * 1000;
    struct session_look look = {0};
    while (!command->ended && now_us() < end && !session_is_asleep(command->pid, &look))
        if (wire_wait(player->wire, LOOK_AGAIN_MS) == -1)
            return player_interrupted(player);
    /* It may have ended between the last look at the ends and the one at its sleep. */
    if (!command->ended && wire_wait(player->wire, 0) == -1)
        return player_interrupted(player);
    return true;
}

bool player_hear_ends(struct player *player)
{
    const struct wire *wire = player->wire;
    char ended[ENDED_TEXT_SIZE];
    for (int i = 0; i < wire->command_count; i++) {
        const struct command *command = &wire->commands[i];
        if (player->started[i].heard_of)
            continue;
        player->statement = player->started[i].statement;
        player->why = player->started[i].why;
        if (!await_settled(player, command))
            return false;
        if (command->ended && command->status != 0)
            return player_fail(player, "it has ended by itself: %s", command_ended_text(command->status, ended));
    }
    return true;
}
