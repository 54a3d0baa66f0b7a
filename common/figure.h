/* figure.h: RFC 9293's figure 5, drawn on a canvas of characters on which states can be marked. */
#ifndef NETSTEP_FIGURE_H
#define NETSTEP_FIGURE_H

#include "common/tcp_state.h"

#include <stdbool.h>
#include <stdio.h>

enum { FIGURE_ROWS = 46, FIGURE_COLUMNS = 80, FIGURE_NOTES_ROW = 43 /* the notes: from here to the end */ };

/* How a cell is shown where there is colour. */
enum figure_style { STYLE_PLAIN, STYLE_VISITED, STYLE_SERVER, STYLE_CLIENT, STYLE_BOTH };

struct figure_cell {
    char bytes[4]; /* one character in UTF-8 */
    enum figure_style style;
};

struct figure {
    struct figure_cell cells[FIGURE_ROWS][FIGURE_COLUMNS];
};

/* Which spelling the states have. */
typedef const char *figure_names(enum tcp_state state);

/* Draws the bare figure. */
void figure_draw(struct figure *figure, figure_names *name_of);

/* Marks a state: a double border where `strong`, `style` for colour, and `label` ("server", "client" or "") in the
 * border: above for the server, below for the client, so that one box can carry both. CLOSED has two boxes:
 * without a label both are marked, with one only that at the top. */
void figure_mark(struct figure *figure, enum tcp_state state, bool strong, enum figure_style style, const char *label);

/* Writes plain ASCII `text` over the row's cells; what does not fit is cut. */
void figure_text(struct figure *figure, int row, int column, const char *text);

/* Prints it line by line without blanks at the ends. `ascii`: + - | instead of lines; `colour`: with escape codes. */
void figure_print(const struct figure *figure, FILE *out, bool ascii, bool colour);

#endif
