/* hand_screen.h: what a person sees: the ladder, what is on the wire, both states now, and the keys. */
#ifndef WIRE_HAND_SCREEN_H
#define WIRE_HAND_SCREEN_H

#include "hand.h"
#include "kept_events.h"
#include "screen.h"

struct hand_screen {
    struct screen screen;
    struct kept_events kept; /* what the ladder shows */
    size_t back;             /* the ladder is scrolled back by so many rows */
    size_t down;             /* a page is scrolled down by so many */
};

/* Draws everything. Returns 0, or -1 with errno when nothing can be written. */
int hand_screen_draw(struct hand_screen *view, const struct hand *hand);

/* What a key does to that which is shown: scrolls, closes a page, completes an answer. Other keys go to the hand. */
void hand_screen_key(struct hand_screen *view, struct hand *hand, int key);

#endif
