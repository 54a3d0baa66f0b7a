/* screen.h: the whole terminal as a screen: rows that are drawn over each other in place, and single keys.
 *
 * The program draws on the terminal's other screen, so that what stood there before is back when it ends.
 */
#ifndef WIRE_SCREEN_H
#define WIRE_SCREEN_H

#include "row.h"

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum { SCREEN_ROWS_MIN = 12, SCREEN_COLUMNS_MIN = 60 };

/* Keys that are no character. */
enum { KEY_NONE = 0, KEY_ESCAPE = 27, KEY_UP = 256, KEY_DOWN, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_GONE };

enum screen_look { LOOK_PLAIN, LOOK_BOLD, LOOK_DIM, LOOK_REVERSE };

struct screen {
    int rows, columns;
    struct row_style style; /* the ladder's: its columns are never more than the screen's */
    struct termios before;
    char *frame; /* what is being drawn: ours */
    size_t used, room;
    int drawn;              /* rows of it */
    unsigned char keys[64]; /* typed and not yet taken */
    size_t key_count;
};

/* Takes the terminal. The style says whether lines and colours can be had. Returns 0, or -1 with errno. */
int screen_enter(struct screen *screen, const struct row_style *style);

/* The terminal as it was found; what was typed meanwhile is not left to the shell. */
void screen_leave(struct screen *screen);

/* Asks how large the terminal is now. Returns whether that has changed. */
bool screen_measure(struct screen *screen);

/* Drawing: screen_begin, then each row from the top, then screen_show. A row is cut where the screen ends; rows that
 * are missing stay empty, and those too many are left out. In a text only the bold of row.h counts; other control
 * characters and what is no UTF-8 are replaced. */
void screen_begin(struct screen *screen);
void screen_row(struct screen *screen, const char *text, enum screen_look look);
int screen_show(struct screen *screen);

/* The next key that was typed: a character or one of the enum. KEY_NONE when there is none now, KEY_GONE when the
 * terminal is gone. Never waits. */
int screen_key(struct screen *screen);

#endif
