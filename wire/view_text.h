/* view_text.h: text from anywhere (what programs print, what scripts say), made fit for a file that others read. */
#ifndef WIRE_VIEW_TEXT_H
#define WIRE_VIEW_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* The character that begins at `text`, which is not the final zero: its code into *code, its length in bytes returned.
 * Bytes that are no UTF-8 (RFC 3629), control characters and those that change the direction of the text or pile up on
 * others come out as U+FFFD, a tab as a space. */
size_t text_character(const char *text, uint32_t *code);

/* How many columns of a typewriter's line a character may take: 1, or 2 where fonts make it wide. */
int text_columns(uint32_t code);

/* Takes as much of *text as fits on a line of `columns`, up to a space if there is one, moves *text behind it, and
 * returns what was taken in `line` (size bytes, at least 8). At the end of the text the line is empty. */
const char *text_next_line(const char **text, int columns, char *line, size_t size);

/* The whole text on one line: valid UTF-8, at most `columns` of them; what is too long ends in "…". Returns line. */
const char *text_on_one_line(const char *text, int columns, char *line, size_t size);

#endif
