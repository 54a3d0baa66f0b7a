/* view_svg_figure.h: what the figure is made of, between the parts of the SVG view: what happened (items, view_svg.c),
 * where it stands (arrows and labels, view_svg_place.c), and how it is written (view_svg_draw.c).
 *
 * Lengths are in SVG's user units, 720 of them across the page.
 */
#ifndef WIRE_VIEW_SVG_FIGURE_H
#define WIRE_VIEW_SVG_FIGURE_H

#include "view_svg.h"

/* A row has three places: beside the client's line, between the lines, beside the server's. */
enum svg_place { PLACE_CLIENT = 1, PLACE_MIDDLE = 2, PLACE_SERVER = 4 };

enum svg_kind {
    ITEM_CAME,      /* the tail of an arrow */
    ITEM_DELIVERED, /* its head, at the other line */
    ITEM_DROPPED,   /* its end, in the middle */
    ITEM_AGAIN,     /* the host has sent the held packet again */
    ITEM_STATE,     /* a box */
    ITEM_COMMAND,   /* texts at the sides */
    ITEM_OUTPUT,
    ITEM_EXIT,
    ITEM_NOTE, /* texts in the middle */
    ITEM_FAILED,
};

struct svg_item {
    enum svg_kind kind;
    int row;
    enum host_id host; /* CAME, AGAIN, DROPPED: the sender; DELIVERED: the receiver */
    int number;        /* of the packet */
    int connection;    /* 0 = none */
    size_t tail;       /* DELIVERED, DROPPED: the item where it came */
    bool ended;        /* CAME: it was delivered or dropped */
    bool once_more;    /* DELIVERED, DROPPED: not the first end of this packet */
    enum tcp_state state;
    char text[SVG_TEXT_SIZE];
};

/* Widths of a typewriter's letters: the same, nearly, in all its fonts (0.6 of the size), which is why all text that
 * must not overlap is set in one. */
#define SVG_COLUMN(size) (0.61 * (size))

enum {
    SVG_WIDTH = 720,
    SVG_CLIENT_X = 186, /* the life lines */
    SVG_SERVER_X = SVG_WIDTH - SVG_CLIENT_X,
    SVG_ROW = 26,        /* two small lines, or a label above the line and one below */
    SVG_LABEL_SIZE = 10, /* of letters */
    SVG_SMALL_SIZE = 9,
    SVG_NOTE_LINE = SVG_ROW / 2, /* of a remark: two lines a row */
    SVG_NOTE_LINES = 8,          /* at most */
    SVG_SAID_LINES = 6,          /* of what a program prints, at most: two a row as well */
    SVG_MARGIN = 8,              /* of the page */
    SVG_GAP = 8,                 /* between a life line and text */
};

struct svg_arrow {
    double x1, y1, x2, y2; /* y counts from the middle of row 0 */
    enum { ENDS_DELIVERED, ENDS_DROPPED, ENDS_HELD } end;
    bool once_more;
};

/* A line of text in the middle. Its baseline may slant with an arrow; the letters stay upright (it is sheared, not
 * turned), so that the text keeps its width and the corners are where left and right say. */
struct svg_label {
    double left, right; /* x */
    double y;           /* of the middle of the letters, at `left` */
    double slope;       /* how far y goes down for each unit to the right */
    int size;           /* of the letters */
    int arrow;          /* the one it may be moved along, -1 = it stays */
    bool bold;
    bool numbered; /* begins with the packet's number, which is bold */
    bool note;     /* a line of a remark: no arrow shows behind it */
    char text[SVG_TEXT_SIZE];
};

struct svg_figure {
    struct svg_arrow *arrows;
    size_t arrow_count;
    struct svg_label *labels;
    size_t label_count;
    bool dropped, once_more, held; /* there are such arrows: for the legend */
};

/* Makes arrows and labels of all items. No two labels overlap, and none reaches a life line.
 * Returns 0, or -1 with errno. svg_figure_free frees what was made, in both cases. */
int svg_figure_make(struct svg_figure *figure, const struct svg_view *view);
void svg_figure_free(struct svg_figure *figure);

/* How many lines this remark takes; and what a program says, at the side. */
int svg_note_lines(const char *text);
int svg_said_lines(const char *text);

/* The next line of what a program says; the last one that there may be ends in "…" if there is more. `number`: 0, 1 ...
 * Moves *text behind it, returns line. */
const char *svg_said_line(const char **text, int number, char *line, size_t size);

/* Whether two labels overlap. */
bool svg_labels_meet(const struct svg_label *one, const struct svg_label *other);

/* Writes the file. Whether that went well, ferror(3) tells. */
void svg_draw(FILE *out, const struct svg_view *view, const struct svg_figure *figure);

/* ---- words (view_svg_words.c) */

/* The name that stands before a packet or a state where there are several connections: "c2 "; else "". */
enum { SVG_CONNECTION_SIZE = 16 };
const char *svg_connection_text(const struct svg_view *view, int connection, char text[SVG_CONNECTION_SIZE]);

/* The legend's line of that number, and whether this figure needs it. */
enum { SVG_LEGEND_LINES = 6, SVG_LEGEND_SIZE = 160 };
bool svg_legend_line(const struct svg_view *view, const struct svg_figure *figure, int number,
                     char line[SVG_LEGEND_SIZE]);

/* <title> and <desc>: the whole figure in sentences. */
void svg_put_description(FILE *out, const struct svg_view *view);

/* Text for XML. It is UTF-8 without control characters by now (view_text.h). */
void svg_put_escaped(FILE *out, const char *text);

#endif
