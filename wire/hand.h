/* hand.h: a person's hand on the wire: which packet is chosen, what each key does, what has been said last.
 *
 * The same for the screen (hand_screen.h) and for lines from a pipe: drive_step.c.
 */
#ifndef WIRE_HAND_H
#define WIRE_HAND_H

#include "core.h"
#include "lines.h"
#include "options.h"
#include "quiz.h"

#include <stdbool.h>

enum { HAND_MESSAGE_SIZE = 240, HAND_TYPED_SIZE = 24 };

enum hand_page { PAGE_NONE, PAGE_HELP, PAGE_NETSTAT, PAGE_DETAILS };

struct hand {
    struct wire *wire;
    const struct wire_options *options;
    int chosen;         /* the number of a packet; one that is not held (any more): the first one is */
    int connection;     /* whose states are shown while nothing is held */
    bool going;         /* "g": until `happened` moves */
    bool automatic;     /* "a" */
    long long next_us;  /* when the next one goes on by itself; 0 = not decided */
    long long happened; /* changes of state and ends of programs so far */
    long long happened_before;
    bool quit;
    char message[HAND_MESSAGE_SIZE]; /* what the last key did, or "" */
    enum hand_page page;             /* shown instead of the ladder */
    struct lines lines;              /* of the page */
    struct quiz quiz;                /* with options->quiz */
    bool keep;                       /* the packet that is asked about: deliver it and keep a copy */
    char typed[HAND_TYPED_SIZE];     /* an answer, as far as it was typed */
};

/* The view (view_fn); context is the struct hand. */
void hand_see(void *context, const struct event *event);

/* The packet that the next key is about; NULL while none is held. */
struct frame *hand_chosen(const struct hand *hand);

/* Its place among those held, from 0. */
int hand_place(const struct hand *hand);

/* Both ends of its connection now, or of the connection that moved last. */
struct state_pair hand_states(const struct hand *hand);

/* Does what a key says (screen.h: KEY_UP ... are keys too). Not while a question stands or a page is shown. */
void hand_key(struct hand *hand, int key, int columns);

/* Takes the answer to the question that stands; once all is answered the packet is delivered. */
void hand_answer(struct hand *hand, const char *text);

/* Delivers what goes on by itself now. Returns how many milliseconds may pass until the next, or -1: nothing does. */
int hand_pass_time(struct hand *hand);

/* Whether all is over. Where no client was started somebody may still come from another terminal. */
bool hand_is_over(const struct hand *hand);

/* "repeat of 3", "sent 3 times": what else there is to say about a packet that is held. */
enum { HAND_REMARK_SIZE = REPEAT_TEXT_SIZE };
const char *hand_remark(const struct frame *frame, char text[HAND_REMARK_SIZE]);

/* ---- pages (hand_pages.c) */

void page_help(struct lines *lines, int columns, bool quiz);
void page_netstat(struct lines *lines, const struct wire *wire, enum host_id host);
void page_details(struct lines *lines, struct wire *wire, const struct frame *frame, int columns);

#endif
