/* player.h: what the parts of the script player share (script_run.c, script_packets.c, script_wait.c,
 * script_ends.c); nobody else's.
 */
#ifndef WIRE_PLAYER_H
#define WIRE_PLAYER_H

#include "core.h"
#include "script.h"

#include <stdbool.h>
#include <stddef.h>

enum { NAMES_MAX = 64 };

/* A frame that the script has expected: it stays on the wire until it is delivered or dropped. */
struct claimed {
    struct frame *frame;
    char name[NAME_MAX_LENGTH + 1];
};

/* A program that the script has started. */
struct started {
    const struct statement *statement; /* the line that did it */
    const char *why;                   /* and its reason, as the player's */
    bool heard_of; /* something that the script expects of it or of its host came true: how it ends is then the script's
                    * to ask (`exit`) */
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
    int newest[2];             /* the command that was run last on each host, ... */
    char output[2][64 * 1024]; /* ... and what it has printed, line by line */
    size_t output_length[2];
    struct started started[COMMANDS_MAX]; /* as the wire's commands */
    int pace_ms;                          /* before each decision, for people to follow */
    double scale;                         /* NETSTEP_TIMEOUT_SCALE */
};

/* Ends the script: the line, and what was there instead. Returns false. */
bool player_fail(struct player *player, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same after a stop signal. */
bool player_interrupted(struct player *player);

/* The same because something did not come: a program of that host that has failed may be why. */
bool player_fail_in_vain(struct player *player, const char *what);

/* Waits until `is_there` says so. Returns 1; 0 when the time is over; -1 with a stop signal. */
typedef bool condition_fn(struct player *player);
int player_wait_until(struct player *player, condition_fn *is_there);

/* Lets people look, while the network goes on as it does. Returns false after a stop signal. */
bool player_let_look(struct player *player);

/* Programs and their ends (script_ends.c): the statement has started one; what the statement expects came true; and at
 * the end of the script, whether each program that was not heard of still runs or has ended well. */
void player_started(struct player *player);
void player_came_true(struct player *player);
bool player_hear_ends(struct player *player);

/* The statements about packets. Each returns whether it came true. */
bool play_expect(struct player *player);
bool play_pass(struct player *player);
bool play_nothing(struct player *player);
bool play_keep(struct player *player);
bool play_decision(struct player *player);
bool play_free(struct player *player);

#endif
