/* screen.c: the escape sequences are those that every terminal of today understands (ECMA-48, and xterm's 1049). */
#define _DEFAULT_SOURCE /* TIOCGWINSZ, _POSIX_VDISABLE */
#include "screen.h"

#include "common/await.h"
#include "view_text.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_ROWS = 24, DEFAULT_COLUMNS = 80, ESCAPE_MS = 30 /* the rest of a key's sequence comes so soon */ };

/* The other screen, no cursor, and no new line where a row is full; and back. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l", leave[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

int screen_enter(struct screen *screen, const struct row_style *style)
{
    *screen = (struct screen){.style = *style};
    if (tcgetattr(STDIN_FILENO, &screen->before) == -1)
        return -1;
    struct termios keys = screen->before;
    keys.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    /* Ctrl-Z and Ctrl-\ would leave the terminal like this. */
    keys.c_cc[VSUSP] = keys.c_cc[VQUIT] = _POSIX_VDISABLE;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &keys) == -1)
        return -1;
    screen_measure(screen);
    await_write_all(STDOUT_FILENO, enter, strlen(enter)); /* if it fails, so does the first drawing */
    return 0;
}

void screen_leave(struct screen *screen)
{
    await_write_all(STDOUT_FILENO, leave, strlen(leave));
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->before);
    free(screen->frame);
    screen->frame = NULL;
}

bool screen_measure(struct screen *screen)
{
    struct winsize size = {.ws_row = 0};
    int rows = DEFAULT_ROWS, columns = DEFAULT_COLUMNS;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        rows = size.ws_row;
        columns = size.ws_col;
    }
    bool changed = rows != screen->rows || columns != screen->columns;
    screen->rows = rows;
    screen->columns = columns;
    screen->style.columns = columns < ROW_COLUMNS_MAX ? columns : ROW_COLUMNS_MAX;
    return changed;
}

/* ---- drawing */

static void put(struct screen *screen, const char *bytes, size_t length)
{
    if (screen->used + length > screen->room) {
        size_t room = 2 * (screen->used + length);
        char *more = realloc(screen->frame, room);
        if (more == NULL)
            return;
        screen->frame = more;
        screen->room = room;
    }
    memcpy(screen->frame + screen->used, bytes, length);
    screen->used += length;
}

static void put_text(struct screen *screen, const char *text)
{
    put(screen, text, strlen(text));
}

void screen_begin(struct screen *screen)
{
    screen->used = 0;
    screen->drawn = 0;
    put_text(screen, "\033[H");
}

/* The length of the escape sequence for bold, or for its end, that begins here; 0 if none does. */
static size_t weight_at(const char *text)
{
    static const char *const weights[] = {"\033[1m", "\033[0m"};
    for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++)
        if (strncmp(text, weights[i], strlen(weights[i])) == 0)
            return strlen(weights[i]);
    return 0;
}

/* One character, if it still fits. Returns its columns. */
static int put_character(struct screen *screen, const char *text, size_t length, uint32_t code, int left)
{
    int columns = text_columns(code);
    /* Lines and arrows of ours are wide only in text that stands in a figure. */
    if (code >= 0x2190 && code < 0x2800)
        columns = 1;
    if (code == 0xfffd || (screen->style.ascii && code > '~'))
        columns = 1;
    if (columns > left)
        return left;
    if (screen->style.ascii && code > '~')
        put_text(screen, "?");
    else if (code == 0xfffd)
        put_text(screen, "\xef\xbf\xbd");
    else if (code == ' ')
        put_text(screen, " ");
    else
        put(screen, text, length);
    return columns;
}

void screen_row(struct screen *screen, const char *text, enum screen_look look)
{
    static const char *const looks[] = {"", "\033[1m", "\033[2m", "\033[7m"};
    int left = screen->columns;
    if (screen->drawn == screen->rows)
        return;
    put_text(screen, screen->drawn++ > 0 ? "\r\n" : "");
    put_text(screen, screen->style.colour || look == LOOK_REVERSE ? looks[look] : "");
    while (*text && left > 0) {
        uint32_t code;
        size_t length = weight_at(text);
        if (length > 0) {
            put(screen, text, length);
        } else {
            length = text_character(text, &code);
            left -= put_character(screen, text, length, code, left);
        }
        text += length;
    }
    for (; look == LOOK_REVERSE && left > 0; left--)
        put_text(screen, " ");
    /* Behind the last column the cursor stands on it: erasing from there would take its character away. */
    put_text(screen, left > 0 ? "\033[0m\033[K" : "\033[0m");
}

int screen_show(struct screen *screen)
{
    put_text(screen, "\033[J");
    return screen->frame ? await_write_all(STDOUT_FILENO, screen->frame, screen->used) : -1;
}

/* ---- keys */

/* Reads what has been typed. Returns false when the terminal is gone. */
static bool read_keys(struct screen *screen, int wait_ms)
{
    struct pollfd waiting = {.fd = STDIN_FILENO, .events = POLLIN};
    if (screen->key_count == sizeof screen->keys || poll(&waiting, 1, wait_ms) <= 0)
        return true;
    ssize_t got = read(STDIN_FILENO, screen->keys + screen->key_count, sizeof screen->keys - screen->key_count);
    if (got > 0)
        screen->key_count += (size_t)got;
    return got > 0 || (got == -1 && (errno == EAGAIN || errno == EINTR));
}

static void take_keys(struct screen *screen, size_t count)
{
    screen->key_count -= count;
    memmove(screen->keys, screen->keys + count, screen->key_count);
}

/* How long the escape sequence at the beginning is, once its last byte is here (ECMA-48: ESC [ ... @ to ~, and ESC O
 * with one more); 0 if it is not whole. */
static size_t sequence_length(const struct screen *screen)
{
    const unsigned char *keys = screen->keys;
    if (screen->key_count < 3 || keys[1] == 'O')
        return screen->key_count < 3 ? 0 : 3;
    for (size_t i = 2; i < screen->key_count; i++)
        if (keys[i] >= '@' && keys[i] <= '~')
            return i + 1;
    return 0;
}

/* What a sequence of three or more bytes means. */
static int key_of_sequence(const unsigned char *keys, size_t length)
{
    switch (keys[length - 1]) {
    case 'A': return KEY_UP;
    case 'B': return KEY_DOWN;
    case '~': return keys[2] == '5' ? KEY_PAGE_UP : keys[2] == '6' ? KEY_PAGE_DOWN : KEY_NONE;
    default: return KEY_NONE;
    }
}

int screen_key(struct screen *screen)
{
    if (screen->key_count == 0 && !read_keys(screen, 0))
        return KEY_GONE;
    while (screen->key_count > 0) {
        int key = screen->keys[0];
        size_t length = 1;
        if (key == KEY_ESCAPE) {
            read_keys(screen, screen->key_count < 3 ? ESCAPE_MS : 0);
            if (screen->key_count > 1 && (screen->keys[1] == '[' || screen->keys[1] == 'O')) {
                length = sequence_length(screen);
                key = length > 0 ? key_of_sequence(screen->keys, length) : KEY_NONE;
                length = length > 0 ? length : screen->key_count;
            }
        }
        take_keys(screen, length);
        if (key != KEY_NONE)
            return key;
    }
    return KEY_NONE;
}
