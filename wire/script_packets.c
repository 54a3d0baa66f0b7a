/* script_packets.c: the lines about packets: expect, pass, nothing, keep, deliver, drop, duplicate, free. */
#include "player.h"

#include <stdio.h>
#include <string.h>

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
        return player_fail(player, "more than %d packets are kept on the wire", NAMES_MAX);
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

bool play_expect(struct player *player)
{
    char text[256];
    int there = player_wait_until(player, has_frame);
    if (there == -1)
        return player_interrupted(player);
    if (there == 0)
        return player_fail_in_vain(player, player->statement->host == CLIENT ? "no packet came from the client"
                                                                             : "no packet came from the server");
    struct frame *frame = next_frame(player);
    if (!pattern_matches(&player->statement->pattern, frame))
        return player_fail(player, "instead came packet %d: %s%s", frame->number, frame_text(frame, text, sizeof text),
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

bool play_pass(struct player *player)
{
    int there = player_wait_until(player, found_or_passed);
    if (there == -1)
        return player_interrupted(player);
    return there ? claim(player, player->last) : player_fail_in_vain(player, "it did not come");
}

bool play_nothing(struct player *player)
{
    char text[256];
    wire_wait(player->wire, 0); /* what a delivered packet has led to is on the wire already */
    const struct frame *frame = next_frame(player);
    if (frame)
        return player_fail(player, "there is packet %d: %s", frame->number, frame_text(frame, text, sizeof text));
    return true;
}

/* The packet that the statement names. */
static struct frame *named(struct player *player)
{
    const char *name = player->statement->text;
    if (*name == '\0' && player->last == NULL)
        player_fail(player, "which packet? the one expected last is on the wire no more");
    if (*name == '\0')
        return player->last;
    for (int i = 0; i < player->claimed_count; i++)
        if (strcmp(player->claimed[i].name, name) == 0)
            return player->claimed[i].frame;
    player_fail(player, "no packet on the wire was kept under that name");
    return NULL;
}

bool play_keep(struct player *player)
{
    if (player->last == NULL)
        return player_fail(player, "which packet? the one expected last is on the wire no more");
    for (int i = 0; i < player->claimed_count; i++)
        if (player->claimed[i].frame == player->last)
            snprintf(player->claimed[i].name, sizeof player->claimed[i].name, "%s", player->statement->text);
    return true;
}

bool play_decision(struct player *player)
{
    struct frame *frame = named(player);
    if (frame == NULL || !player_let_look(player))
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

bool play_free(struct player *player)
{
    player->claimed_count = 0;
    player->last = NULL;
    wire_let_go(player->wire);
    return true;
}
