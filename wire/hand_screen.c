#include "hand_screen.h"

#include "hosts.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Where what stands on a screen of so many rows. */
struct layout {
    int ladder, held, panel;
};

static struct layout lay_out(const struct hand_screen *view, const struct hand *hand)
{
    const int rows = view->screen.rows, fixed = 4; /* heading, rule, states now, keys */
    struct layout layout = {.held = rows < 20 ? 2 : rows < 40 ? 3 : 6, .panel = rows < 20 ? 1 : 2};
    if (hand->options->quiz) /* a question, or what is to be said about the answers */
        layout.panel = rows < 20 ? 4 : view->screen.columns < ROW_COLUMNS ? 8 : 6;
    if (hand->options->quiz && rows < 20)
        layout.held = 1;
    layout.ladder = rows - fixed - layout.held - layout.panel;
    return layout;
}

static const struct row_style *style_of(const struct hand_screen *view)
{
    return &view->screen.style;
}

static void draw_heading(struct hand_screen *view)
{
    char text[ROW_SIZE], left[80], right[80];
    int columns = style_of(view)->columns;
    snprintf(left, sizeof left, "     client %s", host_address(CLIENT, AF_INET));
    snprintf(right, sizeof right, "server %s", host_address(SERVER, AF_INET));
    snprintf(text, sizeof text, "%-*s%s", columns - (int)strlen(right), left, right);
    screen_row(&view->screen, text, LOOK_REVERSE);
}

static void draw_lines(struct hand_screen *view, const struct lines *lines, size_t first, int rows)
{
    for (int i = 0; i < rows; i++, first++)
        screen_row(&view->screen, first < lines->count ? lines->line[first] : "", LOOK_PLAIN);
}

/* The last rows; or earlier ones, when a person looks back. */
static void draw_ladder(struct hand_screen *view, int rows)
{
    const struct lines *lines = &view->kept.rows;
    size_t last = lines->count > (size_t)rows ? lines->count - (size_t)rows : 0;
    if (view->back > last)
        view->back = last;
    draw_lines(view, lines, last - view->back, rows);
}

/* A line across, with a few words in it and perhaps the score. */
static void draw_rule(struct hand_screen *view, const struct hand *hand)
{
    char text[ROW_SIZE] = "", words[120] = "", score[QUIZ_SCORE_SIZE];
    const char *dash = style_of(view)->ascii ? "-" : "─";
    int held = hand->wire->held_count, columns = style_of(view)->columns;
    if (view->back > 0)
        snprintf(words, sizeof words, " %zu rows further down: PgDn ", view->back);
    else if (held == 0)
        snprintf(words, sizeof words, " on the wire: nothing ");
    else
        snprintf(words, sizeof words, " on the wire: %d packet%s ", held, held == 1 ? "" : "s");
    if (hand->options->quiz)
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s quiz: %s ", dash, dash,
                 quiz_score(&hand->quiz, score));
    snprintf(text, sizeof text, "%s%s%s", dash, dash, words);
    int dashes = style_of(view)->ascii ? 1 : 3; /* bytes of one */
    int shown = (int)strlen(text) - (2 + (hand->options->quiz ? 2 : 0)) * (dashes - 1);
    for (; shown < columns && strlen(text) + 4 < sizeof text; shown++)
        strcat(text, dash);
    screen_row(&view->screen, text, LOOK_PLAIN);
}

/* Before the number; where that is too long behind it, in the blanks that follow. */
static void mark(char *row)
{
    char *at = row[0] == ' ' ? row : row + strspn(row, "0123456789");
    if (*at == ' ')
        *at = '>';
}

/* What is held, the chosen one marked. Where there are more than rows, those round the chosen one. */
static void draw_held(struct hand_screen *view, const struct hand *hand, int rows)
{
    const bool unchanged[HOSTS] = {false, false};
    const struct frame *chosen = hand_chosen(hand), *frame = hand->wire->first_held;
    int first = hand_place(hand) - rows + 1, drawn = 0;
    for (; frame && first > 0; first--)
        frame = frame->next;
    for (; frame && drawn < rows; frame = frame->next, drawn++) {
        char text[ROW_SIZE], remark[HAND_REMARK_SIZE];
        struct state_pair now = states_of(&hand->wire->states,
                                          connection_numbered(&hand->wire->connections, frame->connection));
        row_packet(style_of(view), frame, FATE_HELD, &now, unchanged, hand_remark(frame, remark), text);
        if (frame == chosen)
            mark(text);
        screen_row(&view->screen, text, frame == chosen ? LOOK_BOLD : LOOK_DIM);
    }
    for (; drawn < rows; drawn++)
        screen_row(&view->screen, "", LOOK_PLAIN);
}

static void draw_now(struct hand_screen *view, const struct hand *hand)
{
    char text[ROW_SIZE];
    const bool marked[HOSTS] = {true, true};
    struct state_pair now = hand_states(hand);
    row_states(style_of(view), &now, marked, style_of(view)->ascii ? "<- the states now ->" : "◂ the states now ▸",
               text);
    screen_row(&view->screen, text, LOOK_PLAIN);
}

/* ---- words below */

/* What to say when the last key has left nothing to say. */
static const char *situation(const struct hand *hand)
{
    if (hand->going)
        return "going on until a state changes or a program ends: any key stops it";
    if (hand->automatic)
        return "each packet goes on by itself: a stops that";
    if (hand->wire->held_count > 1)
        return "several packets are on the wire: Up and Down choose, Enter delivers the marked one";
    if (hand->wire->held_count == 1)
        return "";
    if (hand_is_over(hand))
        return "All is over: the programs have ended, and the connections too. Enter or q leaves; the ladder stays.";
    if (hand->options->command_count[CLIENT] == 0 && !wire_runs(hand->wire, CLIENT))
        return "nothing is on the wire: start something at another terminal, with `wire sh client`";
    return "nothing is on the wire: waiting for the programs, or for a kernel's timer";
}

static void add_question(const struct hand_screen *view, const struct hand *hand, struct lines *lines)
{
    int columns = style_of(view)->columns - 2;
    quiz_question(&hand->quiz, lines, columns);
    if (*hand->message)
        lines_add_wrapped(lines, hand->message, columns, 0);
    lines_addf(lines, "  your answer: %s%s", hand->typed, style_of(view)->ascii ? "_" : "▁");
}

static void draw_panel(struct hand_screen *view, const struct hand *hand, int rows)
{
    struct lines lines = {NULL, 0, 0};
    const struct quiz *quiz = &hand->quiz;
    int columns = style_of(view)->columns - 2;
    bool asks = hand->options->quiz && quiz->asking;
    if (asks) {
        add_question(view, hand, &lines);
    } else {
        for (size_t i = 0; i < quiz->verdict.count; i++)
            lines_add_wrapped(&lines, quiz->verdict.line[i], columns, 2);
        if ((int)lines.count < rows)
            lines_add_wrapped(&lines, *hand->message ? hand->message : situation(hand), columns, 0);
    }
    for (int i = 0; i < rows; i++) {
        char text[ROW_SIZE];
        snprintf(text, sizeof text, " %s", (size_t)i < lines.count ? lines.line[i] : "");
        screen_row(&view->screen, text, asks && i + 1 < (int)lines.count ? LOOK_BOLD : LOOK_PLAIN);
    }
    lines_clear(&lines);
}

/* As many keys as fit; the last two always. In the quiz nothing goes on by itself. */
static void keys_text(char *text, size_t size, int columns, bool quiz)
{
    static const char *const keys[] = {"Enter deliver", "x drop",      "2 copy", "l later",
                                       "g go on",       "c s netstat", "i info", "a auto"};
    static const char last[] = "  ? help  q quit";
    size_t used = 0, room = (size_t)columns - sizeof last;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (quiz && (keys[i][0] == 'g' || keys[i][0] == 'a'))
            continue;
        if (used + strlen(keys[i]) + 2 > room || used + strlen(keys[i]) + 3 > size - sizeof last)
            break;
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "  " : " ", keys[i]);
    }
    snprintf(text + used, size - used, "%s", last);
}

static void draw_keys(struct hand_screen *view, const struct hand *hand)
{
    char text[ROW_SIZE];
    if (hand->page != PAGE_NONE)
        snprintf(text, sizeof text, " Up and Down scroll; any other key: back to the ladder");
    else if (hand->options->quiz && hand->quiz.asking)
        snprintf(text, sizeof text, " 1-%d, or a state's name and Enter; Enter alone: don't know; Esc: not now",
                 QUIZ_CHOICES);
    else if (hand_is_over(hand))
        snprintf(text, sizeof text, " All is over.  Enter leave  PgUp look back  c s netstat  ? help  q quit");
    else
        keys_text(text, sizeof text, style_of(view)->columns, hand->options->quiz);
    screen_row(&view->screen, text, LOOK_REVERSE);
}

static void draw_page(struct hand_screen *view, const struct hand *hand)
{
    int rows = view->screen.rows - 2;
    size_t most = hand->lines.count > (size_t)rows ? hand->lines.count - (size_t)rows : 0;
    if (view->down > most)
        view->down = most;
    for (int i = 0; i < rows; i++) {
        char text[ROW_SIZE];
        size_t at = view->down + (size_t)i;
        snprintf(text, sizeof text, " %s", at < hand->lines.count ? hand->lines.line[at] : "");
        screen_row(&view->screen, text, LOOK_PLAIN);
    }
}

int hand_screen_draw(struct hand_screen *view, const struct hand *hand)
{
    struct screen *screen = &view->screen;
    struct layout layout = lay_out(view, hand);
    char text[80];
    screen_begin(screen);
    if (screen->rows < SCREEN_ROWS_MIN || screen->columns < SCREEN_COLUMNS_MIN) {
        snprintf(text, sizeof text, "The ladder needs %d x %d; here are", SCREEN_COLUMNS_MIN, SCREEN_ROWS_MIN);
        screen_row(screen, text, LOOK_PLAIN);
        snprintf(text, sizeof text, "%d x %d. q quits.", screen->columns, screen->rows);
        screen_row(screen, text, LOOK_PLAIN);
        return screen_show(screen);
    }
    draw_heading(view);
    if (hand->page != PAGE_NONE) {
        draw_page(view, hand);
    } else {
        draw_ladder(view, layout.ladder);
        draw_rule(view, hand);
        draw_held(view, hand, layout.held);
        draw_now(view, hand);
        draw_panel(view, hand, layout.panel);
    }
    draw_keys(view, hand);
    return screen_show(screen);
}

/* ---- keys */

static size_t moved(size_t at, int by)
{
    return by < 0 && at < (size_t)-by ? 0 : at + (size_t)by;
}

static void page_key(struct hand_screen *view, struct hand *hand, int key)
{
    const int page = view->screen.rows - 3;
    switch (key) {
    case KEY_UP:
    case 'k': view->down = moved(view->down, -1); break;
    case KEY_DOWN:
    case 'j': view->down = moved(view->down, 1); break;
    case KEY_PAGE_UP: view->down = moved(view->down, -page); break;
    case KEY_PAGE_DOWN: view->down = moved(view->down, page); break;
    default:
        hand->page = PAGE_NONE;
        view->down = 0;
        if (key == KEY_GONE)
            hand->quit = true;
    }
}

/* While a question stands. A number answers at once, a name with Enter. No state begins with a q. */
static void answer_key(struct hand *hand, int key)
{
    size_t length = strlen(hand->typed);
    char text[HAND_TYPED_SIZE];
    if (key == KEY_GONE || ((key == 'q' || key == 'Q') && length == 0)) {
        hand->quit = true;
    } else if (key == KEY_ESCAPE) {
        quiz_give_up(&hand->quiz);
    } else if (key == '\r' || key == '\n' || (length == 0 && key >= '1' && key < '1' + QUIZ_CHOICES)) {
        snprintf(text, sizeof text, "%s", hand->typed);
        if (key != '\r' && key != '\n')
            snprintf(text, sizeof text, "%c", key);
        hand_answer(hand, text);
    } else if ((key == '\b' || key == 0x7f) && length > 0) {
        hand->typed[length - 1] = '\0';
    } else if (key > ' ' && key < 0x7f && length + 1 < sizeof hand->typed) {
        hand->typed[length] = (char)(key >= 'a' && key <= 'z' ? key - 'a' + 'A' : key);
        hand->typed[length + 1] = '\0';
    }
}

void hand_screen_key(struct hand_screen *view, struct hand *hand, int key)
{
    if (hand->page != PAGE_NONE) {
        page_key(view, hand, key);
    } else if (key == KEY_PAGE_UP || key == KEY_PAGE_DOWN) {
        view->back = moved(view->back, key == KEY_PAGE_UP ? view->screen.rows / 2 : -(view->screen.rows / 2));
    } else if (hand->options->quiz && hand->quiz.asking) {
        answer_key(hand, key);
    } else {
        view->back = 0;
        bool went = hand->going;
        hand->going = false;
        if (!went || key == 'g' || key == 'q' || key == KEY_GONE)
            hand_key(hand, key, style_of(view)->columns - 1);
    }
}
