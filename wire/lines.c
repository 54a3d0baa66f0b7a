#include "lines.h"

#include "view_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64, LINE_BYTES = 1024 };

static void add_one(struct lines *lines, const char *text, size_t length)
{
    if (lines->count == lines->room) {
        size_t room = lines->room ? 2 * lines->room : FIRST_ROOM;
        char **more = realloc(lines->line, room * sizeof *more);
        if (more == NULL)
            return;
        lines->line = more;
        lines->room = room;
    }
    char *copy = strndup(text, length);
    if (copy)
        lines->line[lines->count++] = copy;
}

void lines_add(struct lines *lines, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, "\n");
        add_one(lines, text, length);
        if (text[length] == '\0')
            return;
        text += length + 1;
    }
}

void lines_addf(struct lines *lines, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    lines_add(lines, text);
}

void lines_add_wrapped(struct lines *lines, const char *text, int columns, int indent)
{
    char part[LINE_BYTES];
    int room = columns, margin = 0;
    while (*text_next_line(&text, room, part, sizeof part)) {
        lines_addf(lines, "%*s%s", margin, "", part);
        margin = indent;
        room = columns - indent;
    }
}

void lines_clear(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->line[i]);
    free(lines->line);
    *lines = (struct lines){NULL, 0, 0};
}
