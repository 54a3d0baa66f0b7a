/* figure.c: the figure as a picture in text, and what can be done with it. The arrows are those of transitions.c. */
#include "common/figure.h"

#include <string.h>

static const char *const picture[FIGURE_ROWS] = {
    "                               ┌──────────────┐   active OPEN / snd SYN",
    "                               │              ├─────────────────────────────┐",
    "                               │              │◀──────────────────┐         │",
    "                               └───┬──────────┘                   │         │",
    "                      passive OPEN │      ▲ CLOSE                 │ CLOSE   │",
    "                        create TCB ▼      │ delete TCB            │ delete  │",
    "         rcv RST (note 1)      ┌──────────┴───┐                   │ TCB     │",
    "       ┌──────────────────────▶│              │                   │         │",
    "       │                       └───┬──────┬───┘                   │         │",
    "       │               rcv SYN /   │      │ SEND /                │         │",
    "       │             snd SYN,ACK   │      │ snd SYN               │         ▼",
    "┌──────┴───────┐                   │      │                    ┌──┴───────────┐",
    "│              │◀──────────────────┘      └───────────────────▶│              │",
    "│              │◀──────────────────────────────────────────────┤              │",
    "│              │           rcv SYN / snd SYN,ACK               │              │",
    "└──┬────────┬──┘                                               └──────┬───────┘",
    "   │        │ rcv ACK of SYN                  rcv SYN,ACK / snd ACK   │",
    "   │        └──────────────────────┐      ┌───────────────────────────┘",
    "   │                               ▼      ▼",
    "   │ CLOSE /                   ┌──────────────┐",
    "   │ snd FIN                   │              │",
    "   │                           └───┬──────┬───┘",
    "   │                               │      │",
    "   ▼              CLOSE / snd FIN  │      │ rcv FIN / snd ACK",
    "┌──────────────┐                   │      │                    ┌──────────────┐",
    "│              │◀──────────────────┘      └───────────────────▶│              │",
    "│              ├───────────────────────┐                       │              │",
    "└──┬─────────┬─┘                       │                       └──────┬───────┘",
    "   │         └──────────┐              │ rcv FIN /                    │",
    "   │ rcv ACK            │              │ snd ACK                      │ CLOSE /",
    "   │ of FIN             │ note 2       │                              │ snd FIN",
    "   ▼                    │              ▼                              ▼",
    "┌──────────────┐        │      ┌──────────────┐                ┌──────────────┐",
    "│              │        │      │              │                │              │",
    "└──┬───────────┘        │      └──────────┬───┘                └──────┬───────┘",
    "   │                    │                 │ rcv ACK of FIN            │ rcv ACK",
    "   │                    └─────────┐       │                           │ of FIN",
    "   │  rcv FIN / snd ACK           ▼       ▼                           ▼",
    "   │                           ┌──────────────┐                ┌──────────────┐",
    "   └──────────────────────────▶│              ├───────────────▶│              │",
    "                               └──────────────┘ Timeout=2MSL   └──────────────┘",
    "                                                delete TCB",
    "",
    "note 1: on Linux the row of SYN_RECV vanishes, and LISTEN has never moved",
    "note 2: rcv FIN,ACK of FIN / snd ACK: both came in one segment",
    "SEND in LISTEN: the sockets API has no call for it",
};

/* Where the boxes are: the row of the upper border, the column of the left one, how many rows lie inside. */
enum { BOX_WIDTH = 16 };
static const struct box {
    enum tcp_state state;
    int row, column, height;
} boxes[] = {
    {STATE_CLOSED, 0, 31, 2},      {STATE_LISTEN, 6, 31, 1},       {STATE_SYN_RECV, 11, 0, 3},
    {STATE_SYN_SENT, 11, 63, 3},   {STATE_ESTABLISHED, 19, 31, 1}, {STATE_FIN_WAIT1, 24, 0, 2},
    {STATE_CLOSE_WAIT, 24, 63, 2}, {STATE_FIN_WAIT2, 32, 0, 1},    {STATE_CLOSING, 32, 31, 1},
    {STATE_LAST_ACK, 32, 63, 1},   {STATE_TIME_WAIT, 38, 31, 1},   {STATE_CLOSED, 38, 63, 1},
};
enum { BOX_COUNT = sizeof boxes / sizeof boxes[0] };

/* How many bytes the character that begins with `first` has in UTF-8. */
static size_t character_size(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static void set_cell(struct figure *figure, int row, int column, const char *character)
{
    if (row < 0 || row >= FIGURE_ROWS || column < 0 || column >= FIGURE_COLUMNS)
        return;
    struct figure_cell *cell = &figure->cells[row][column];
    memset(cell->bytes, 0, sizeof cell->bytes);
    memcpy(cell->bytes, character, character_size((unsigned char)character[0]));
}

void figure_text(struct figure *figure, int row, int column, const char *text)
{
    for (; *text; text++)
        set_cell(figure, row, column++, text);
}

static void draw_name(struct figure *figure, const struct box *box, figure_names *name_of)
{
    const char *name = name_of(box->state);
    int length = (int)strlen(name), inside = BOX_WIDTH - 2;
    figure_text(figure, box->row + (box->height + 1) / 2, box->column + 1 + (inside - length) / 2, name);
}

void figure_draw(struct figure *figure, figure_names *name_of)
{
    memset(figure, 0, sizeof *figure);
    for (int row = 0; row < FIGURE_ROWS; row++) {
        const char *at = picture[row];
        for (int column = 0; column < FIGURE_COLUMNS; column++) {
            set_cell(figure, row, column, *at ? at : " ");
            at += *at ? character_size((unsigned char)*at) : 0;
        }
    }
    for (int i = 0; i < BOX_COUNT; i++)
        draw_name(figure, &boxes[i], name_of);
}

/* Draws a double border over the single one; where an arrow begins it stays as it is. */
static void double_border(struct figure *figure, const struct box *box)
{
    static const char *const changes[][2] = {{"─", "═"}, {"│", "║"}, {"┌", "╔"}, {"┐", "╗"}, {"└", "╚"},
                                             {"┘", "╝"}, {"┬", "╤"}, {"┴", "╧"}, {"├", "╟"}, {"┤", "╢"}};
    for (int row = box->row; row <= box->row + box->height + 1; row++) {
        for (int column = box->column; column < box->column + BOX_WIDTH; column++) {
            struct figure_cell *cell = &figure->cells[row][column];
            for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
                if (strcmp(cell->bytes, changes[i][0]) == 0) {
                    set_cell(figure, row, column, changes[i][1]);
                    break;
                }
            }
        }
    }
}

static void mark_box(struct figure *figure, const struct box *box, bool strong, enum figure_style style)
{
    if (strong)
        double_border(figure, box);
    for (int row = box->row; row <= box->row + box->height + 1; row++)
        for (int column = box->column; column < box->column + BOX_WIDTH; column++)
            figure->cells[row][column].style = style;
}

void figure_mark(struct figure *figure, enum tcp_state state, bool strong, enum figure_style style, const char *label)
{
    for (int i = 0; i < BOX_COUNT; i++) {
        const struct box *box = &boxes[i];
        if (box->state != state)
            continue;
        mark_box(figure, box, strong, style);
        if (*label) {
            int border = strcmp(label, "client") == 0 ? box->row + box->height + 1 : box->row;
            figure_text(figure, border, box->column + 5, label);
            return;
        }
    }
}

/* What stands for a character in plain ASCII. */
static char ascii_form(const char *character)
{
    static const char *const from[] = {"─", "│", "═", "║", "▶", "◀", "▲", "▼", "╟", "╢"};
    static const char to[] = {'-', '|', '#', '#', '>', '<', '^', 'v', '#', '#'};
    static const char *const heavy[] = {"╔", "╗", "╚", "╝", "╤", "╧"};
    for (size_t i = 0; i < sizeof to; i++)
        if (strcmp(character, from[i]) == 0)
            return to[i];
    for (size_t i = 0; i < sizeof heavy / sizeof heavy[0]; i++)
        if (strcmp(character, heavy[i]) == 0)
            return '#';
    return (unsigned char)character[0] < 0x80 ? character[0] : '+'; /* a corner */
}

static const char *const colours[] = {[STYLE_PLAIN] = "\033[0m",
                                      [STYLE_VISITED] = "\033[0;36m",
                                      [STYLE_SERVER] = "\033[0;1;30;42m",
                                      [STYLE_CLIENT] = "\033[0;1;30;46m",
                                      [STYLE_BOTH] = "\033[0;1;30;43m"};

void figure_print(const struct figure *figure, FILE *out, bool ascii, bool colour)
{
    for (int row = 0; row < FIGURE_ROWS; row++) {
        int end = FIGURE_COLUMNS;
        while (end > 0 && figure->cells[row][end - 1].bytes[0] == ' ')
            end--;
        enum figure_style style = STYLE_PLAIN;
        for (int column = 0; column < end; column++) {
            const struct figure_cell *cell = &figure->cells[row][column];
            if (colour && cell->style != style)
                fputs(colours[cell->style], out);
            style = cell->style;
            if (ascii)
                putc(ascii_form(cell->bytes), out);
            else
                fputs(cell->bytes, out);
        }
        if (colour && style != STYLE_PLAIN)
            fputs(colours[STYLE_PLAIN], out);
        putc('\n', out);
    }
}
