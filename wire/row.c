/* row.c: terminal columns; the width of a terminal is asked by an ioctl that POSIX does not have. */
#define _DEFAULT_SOURCE
#include "row.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NUMBER = 3, STATE = 11, MARGIN = NUMBER + 2 + STATE + 1 + 2 + STATE /* what is not the packet */ };

/* What a program prints takes so many rows at most, each but the first so far to the right. */
enum { OUTPUT_ROWS = 3, HANGING = 2 };

static const char bold[] = "\033[1m", plain[] = "\033[0m";

struct row_style row_style_of_output(void)
{
    struct row_style style = {.columns = ROW_COLUMNS, .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0};
    struct winsize size = {.ws_col = 0};
    const char *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO))
        return style;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > ROW_COLUMNS)
        style.columns = size.ws_col < ROW_COLUMNS_MAX ? size.ws_col : ROW_COLUMNS_MAX;
    style.colour = terminal && strcmp(terminal, "dumb") != 0 && getenv("NO_COLOR") == NULL;
    return style;
}

/* A text that grows. */
struct line {
    char *text;
    size_t used;
};

static void add(struct line *line, const char *text)
{
    size_t length = strlen(text);
    if (line->used + length >= ROW_SIZE)
        return;
    memcpy(line->text + line->used, text, length + 1);
    line->used += length;
}

static void add_times(struct line *line, const char *text, int times)
{
    while (times-- > 0)
        add(line, text);
}

/* How many columns a text takes: a character is its first byte in UTF-8. */
static int columns_of(const char *text)
{
    int columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    return columns;
}

/* The beginning of a text that fits into so many columns. Returns the rest. */
static const char *add_cut(struct line *line, const char *text, int columns)
{
    char part[8];
    while (*text && columns-- > 0) {
        size_t length = 1;
        while (length < sizeof part - 1 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length++;
        memcpy(part, text, length);
        part[length] = '\0';
        add(line, part);
        text += length;
    }
    return text;
}

/* A state in its column; at the end of a line without blanks behind it. */
static void add_state(struct line *line, const struct row_style *style, enum tcp_state state, bool changed, bool last)
{
    const char *name = event_state_name(state);
    bool mark = changed && style->colour;
    add(line, mark ? bold : "");
    add(line, name);
    add(line, mark ? plain : "");
    if (!last)
        add_times(line, " ", STATE - columns_of(name));
}

/* How much of a packet's text fits: whole words, and no name without the number behind it ("win"). */
static int fitting(const char *what, int room)
{
    int words = columns_of(what);
    while (words > 0 && (words > room || (what[words] != ' ' && what[words] != '\0')))
        words--;
    int numbers = words;
    while (numbers > 0 && what[words] != '\0' && strchr("0123456789", what[numbers - 1]) == NULL)
        numbers--;
    return numbers > 0 ? numbers : words;
}

/* The packet itself: from its sender's side, as far as it got. */
static void add_packet(struct line *line, const struct row_style *style, const struct frame *frame,
                       enum packet_fate fate, const char *remark)
{
    char what[256];
    bool right = frame->from == CLIENT, whole = fate == FATE_DELIVERED;
    const char *dash = style->ascii ? "-" : "─";
    const char *head = whole ? (right ? (style->ascii ? ">" : "▶") : (style->ascii ? "<" : "◀"))
                             : (fate == FATE_DROPPED ? (style->ascii ? "x" : "✗") : (style->ascii ? "o" : "○"));
    int width = style->columns - MARGIN;
    frame_text(frame, what, sizeof what);
    char behind[100] = "";
    if (*remark)
        snprintf(behind, sizeof behind, " (%s)", remark);
    int room = width - 6 - columns_of(behind); /* three dashes or an arrow before and behind it, at least */
    int said = fitting(what, room);
    int shown = said + columns_of(behind);
    int after = whole ? width - shown - 6 : (width - shown - 6) / 2; /* what did not arrive is shorter */
    int rest = width - shown - 6 - after;
    if (!right) { /* ◀── what ────── */
        add_times(line, " ", rest);
        add(line, head);
        add_times(line, dash, 1);
    } else {
        add_times(line, dash, 2);
    }
    add(line, " ");
    add_cut(line, what, said);
    add(line, behind);
    add(line, " ");
    add_times(line, dash, after + 1);
    if (right) {
        add(line, head);
        add_times(line, " ", rest);
    } else {
        add(line, dash);
    }
}

const char *row_packet(const struct row_style *style, const struct frame *frame, enum packet_fate fate,
                       const struct state_pair *states, const bool changed[HOSTS], const char *remark,
                       char text[ROW_SIZE])
{
    struct line line = {text, 0};
    char number[16];
    text[0] = '\0';
    snprintf(number, sizeof number, "%*d  ", NUMBER, frame->number);
    if (frame->number < 100000) /* a long number takes the blanks behind it: the row stays as wide */
        number[NUMBER + 2] = '\0';
    add(&line, number);
    add_state(&line, style, states->of[CLIENT], changed[CLIENT], false);
    add(&line, " ");
    add_packet(&line, style, frame, fate, remark);
    add(&line, "  ");
    add_state(&line, style, states->of[SERVER], changed[SERVER], true);
    return text;
}

const char *row_states(const struct row_style *style, const struct state_pair *states, const bool changed[HOSTS],
                       const char *what, char text[ROW_SIZE])
{
    struct line line = {text, 0};
    int width = style->columns - MARGIN, shown = columns_of(what);
    text[0] = '\0';
    add_times(&line, " ", NUMBER + 2);
    add_state(&line, style, states->of[CLIENT], changed[CLIENT], false);
    add_times(&line, " ", 1 + (shown < width ? (width - shown) / 2 : 0));
    add_cut(&line, what, width);
    add_times(&line, " ", 2 + (shown < width ? width - shown - (width - shown) / 2 : 0));
    add_state(&line, style, states->of[SERVER], changed[SERVER], true);
    return text;
}

/* How many columns of a text stand on a row: all if they fit; else up to a space, unless that leaves most of it empty.
 */
static int breaking(const char *text, int room)
{
    int columns = 0, space = 0;
    for (; *text; text++) {
        if (((unsigned char)*text & 0xc0) == 0x80)
            continue;
        if (*text == ' ')
            space = columns;
        if (columns == room)
            return space > room / 2 ? space : room;
        columns++;
    }
    return columns;
}

/* A text on several rows, from `indent` on; behind the last one is cut off what then is left. */
static void add_rows(struct line *line, const struct row_style *style, int indent, const char *output)
{
    for (int row = 0; *output && row < OUTPUT_ROWS; row++) {
        int margin = indent + (row > 0 ? HANGING : 0), room = style->columns - margin;
        bool cut = row + 1 == OUTPUT_ROWS && columns_of(output) > room;
        add(line, row > 0 ? "\n" : "");
        add_times(line, " ", margin);
        output = add_cut(line, output, cut ? room - 1 : breaking(output, room));
        if (cut)
            add(line, style->ascii ? ">" : "…");
        output += strspn(output, " ");
    }
}

const char *row_output(const struct row_style *style, enum host_id host, const char *output, char text[ROW_SIZE])
{
    struct line line = {text, 0};
    /* so far to the right at least begins what the server says */
    const int indent = NUMBER + 2 + (host == CLIENT ? 0 : STATE + 9);
    int room = style->columns - indent, shown = columns_of(output);
    text[0] = '\0';
    if (shown > room) {
        add_rows(&line, style, indent, output);
        return text;
    }
    add_times(&line, " ", indent + (host == SERVER ? room - shown : 0));
    add(&line, output);
    return text;
}

const char *row_note(const struct row_style *style, const char *note, char text[ROW_SIZE])
{
    struct line line = {text, 0};
    int room = style->columns - NUMBER - 2, used = 0;
    text[0] = '\0';
    add_times(&line, " ", NUMBER + 2);
    while (*note) {
        char word[200];
        size_t length = strcspn(note, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, note);
        int columns = columns_of(word);
        if (used > 0 && used + 1 + columns > room) {
            add(&line, "\n");
            add_times(&line, " ", NUMBER + 2);
            used = 0;
        }
        add(&line, used > 0 ? " " : "");
        add(&line, word);
        used += columns + (used > 0);
        note += length;
        note += strspn(note, " ");
    }
    return text;
}
