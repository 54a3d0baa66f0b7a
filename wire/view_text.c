/* view_text.c: UTF-8 character by character, and lines of a known width. */
#include "view_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd, UTF8_MAX = 4 };

/* One that a figure can do without: it shows nothing, breaks XML, turns what follows around, or stacks up. */
static bool is_unwelcome(uint32_t code)
{
    return code < ' ' || (code >= 0x7f && code < 0xa0) ||          /* control characters */
           (code >= 0x300 && code < 0x370) ||                      /* accents that pile up on the letter before */
           (code >= 0x1ab0 && code < 0x1b00) ||                    /* more of them */
           (code >= 0x1dc0 && code < 0x1e00) ||                    /* more of them */
           (code >= 0x20d0 && code < 0x2100) ||                    /* more of them */
           code == 0x61c ||                                        /* direction */
           (code >= 0x200b && code < 0x2010) ||                    /* no width, direction */
           (code >= 0x2028 && code < 0x202f) ||                    /* line separators, direction */
           (code >= 0x2060 && code < 0x2070) ||                    /* direction */
           (code >= 0xfdd0 && code < 0xfdf0) ||                    /* no characters, by Unicode's own word */
           (code >= 0xfe00 && code < 0xfe30) ||                    /* variants, accents */
           code == 0xfeff || (code & 0xfffe) == 0xfffe ||          /* byte order mark; no characters */
           (code >= 0xd800 && code < 0xe000) ||                    /* surrogates: UTF-16 in disguise */
           (code >= 0xe0000 && code < 0xf0000) || code > 0x10ffff; /* tags; beyond Unicode */
}

size_t text_character(const char *text, uint32_t *code)
{
    static const uint32_t least[UTF8_MAX + 1] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;
    uint32_t value = length <= 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) { /* also at the final zero */
            length = 0;
            break;
        }
        value = value << 6 | (at[i] & 0x3fu);
    }
    if (length == 0 || value < least[length]) { /* the next byte may begin a character */
        *code = REPLACEMENT;
        return 1;
    }
    *code = value == '\t' ? ' ' : is_unwelcome(value) ? REPLACEMENT : value;
    return length;
}

int text_columns(uint32_t code)
{
    /* Dashes, quotation marks and "…" are in the typewriter fonts. From Hebrew on other fonts step in, with other
     * widths: two columns hold most of what they have. */
    return code < 0x590 || (code >= 0x2010 && code < 0x2028) ? 1 : 2;
}

/* The character at *text, as UTF-8, at the end of `line`, which has room for it. */
static void append(const char *text, size_t length, uint32_t code, char *line, size_t *used)
{
    if (code == REPLACEMENT) {
        memcpy(line + *used, "\xef\xbf\xbd", 3);
        *used += 3;
    } else if (code == ' ') { /* it may have been a tab */
        line[(*used)++] = ' ';
    } else {
        memcpy(line + *used, text, length);
        *used += length;
    }
}

const char *text_next_line(const char **text, int columns, char *line, size_t size)
{
    size_t used = 0, last_space = 0;
    const char *at = *text, *after_space = NULL;
    while (*at) {
        uint32_t code;
        size_t length = text_character(at, &code);
        columns -= text_columns(code);
        if (columns < 0 || used + UTF8_MAX >= size)
            break;
        append(at, length, code, line, &used);
        at += length;
        if (code == ' ') {
            last_space = used - 1;
            after_space = at;
        }
    }
    /* The line is full: what stands behind its last space goes to the next one, unless that is most of it. */
    if (*at && after_space && last_space > used / 2) {
        used = last_space;
        at = after_space;
    }
    line[used] = '\0';
    *text = at;
    return line;
}

const char *text_on_one_line(const char *text, int columns, char *line, size_t size)
{
    static const char ellipsis[] = "…";
    const char *rest = text;
    size_t used = 0, end = 0; /* end: up to where there is room for the ellipsis as well */
    while (*rest) {
        uint32_t code;
        size_t length = text_character(rest, &code);
        if (columns < text_columns(code) || used + UTF8_MAX >= size)
            break;
        if (columns > 0 && used + sizeof ellipsis <= size)
            end = used;
        columns -= text_columns(code);
        append(rest, length, code, line, &used);
        rest += length;
    }
    if (*rest) {
        snprintf(line + end, size - end, "%s", ellipsis);
        return line;
    }
    line[used] = '\0';
    return line;
}
