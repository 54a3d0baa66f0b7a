/* lines.h: lines of text that grow in number: the rows of the ladder, a page of help. */
#ifndef WIRE_LINES_H
#define WIRE_LINES_H

#include <stddef.h>

/* {0} is an empty one. */
struct lines {
    char **line; /* ours; without their ends */
    size_t count, room;
};

/* Adds a text; each '\n' in it ends a line. Where memory ends the line is lost. */
void lines_add(struct lines *lines, const char *text);
void lines_addf(struct lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a long text in lines of at most `columns`, broken between words; the second and those after it begin with
 * `indent` spaces. */
void lines_add_wrapped(struct lines *lines, const char *text, int columns, int indent);

/* Takes all lines away, and frees what they used. */
void lines_clear(struct lines *lines);

#endif
