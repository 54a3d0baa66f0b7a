/* drive_step.c: a person decides about each packet: by keys on a screen, or by lines from a pipe. */
#include "drive.h"

#include "common/await.h"
#include "common/report.h"
#include "hand.h"
#include "hand_screen.h"
#include "screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 200, /* so late at most a new size of the terminal is seen */
    DRAW_MS = 20,  /* so often at most the screen is drawn */
    CALM_MS = 40,  /* nothing more comes for the moment */
    LINE_BYTES = 256
};

/* ---- on a screen */

/* One round: keys, what goes on by itself, what has happened. Returns 0, 1 for a stop signal, or -1 with errno. */
static int screen_round(struct hand_screen *view, struct hand *hand, long long *drawn_us)
{
    int key;
    while (!hand->quit && (key = screen_key(&view->screen)) != KEY_NONE)
        hand_screen_key(view, hand, key);
    int left_ms = hand_pass_time(hand);
    if (screen_measure(&view->screen))
        kept_events_lay_out(&view->kept, &view->screen.style);
    long long now = now_us();
    if (now - *drawn_us >= DRAW_MS * 1000LL) {
        if (hand_screen_draw(view, hand) == -1)
            return errno == EINTR ? 1 : -1;
        *drawn_us = now;
    }
    if (hand->quit)
        return 0;
    long long wait_ms = left_ms >= 0 && left_ms < LOOK_MS ? left_ms : LOOK_MS;
    int result = wire_wait(hand->wire, (int)wait_ms);
    if (result == 1) /* drawn once the burst is over */
        result = wire_wait(hand->wire, 0);
    return result == -1 ? (errno == EINTR ? 1 : -1) : 0;
}

static int on_screen(struct hand_screen *view, struct hand *hand)
{
    struct wire *wire = hand->wire;
    const struct row_style style = view->screen.style;
    long long drawn_us = 0;
    int result = 0;
    if (screen_enter(&view->screen, &style) == -1)
        return -1;
    kept_events_lay_out(&view->kept, &view->screen.style);
    wire->extra[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    wire->extra_count = 1;
    while (result == 0 && !hand->quit)
        result = screen_round(view, hand, &drawn_us);
    int error = errno;
    wire->extra_count = 0;
    screen_leave(&view->screen);
    const struct row_style now = row_style_of_output();
    kept_events_print(&view->kept, &(struct row_style){now.columns, style.ascii, now.colour});
    errno = error;
    return result;
}

/* ---- by lines */

/* What has been read and is not used yet. */
struct input {
    char bytes[LINE_BYTES];
    size_t count;
    bool at_end;
};

/* Takes a line without its end. What is longer than a line can be is cut. Returns whether there was one. */
static bool take_line(struct input *input, char line[LINE_BYTES])
{
    char *end = memchr(input->bytes, '\n', input->count);
    size_t length = end ? (size_t)(end - input->bytes) : input->count;
    if (end == NULL && input->count < sizeof input->bytes && !(input->at_end && input->count > 0))
        return false;
    size_t shown = length < LINE_BYTES ? length : LINE_BYTES - 1, used = length + (end != NULL);
    memcpy(line, input->bytes, shown);
    line[shown] = '\0';
    line[strcspn(line, "\r")] = '\0';
    input->count -= used;
    memmove(input->bytes, input->bytes + used, input->count);
    return true;
}

/* Waits for the next line; the wire goes on meanwhile. Returns 1, 0 at the end of the input, or -1 with errno. */
static int read_line(struct wire *wire, struct input *input, char line[LINE_BYTES])
{
    wire->extra[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    while (!take_line(input, line)) {
        if (input->at_end)
            return 0;
        wire->extra_count = 1;
        wire->extra[0].revents = 0;
        int result = wire_wait(wire, -1);
        wire->extra_count = 0;
        if (result == -1)
            return -1;
        if (wire->extra[0].revents == 0)
            continue;
        ssize_t got = read(STDIN_FILENO, input->bytes + input->count, sizeof input->bytes - input->count);
        if (got == -1 && (errno == EINTR || errno == EAGAIN))
            continue;
        input->at_end = got <= 0;
        input->count += got > 0 ? (size_t)got : 0;
    }
    return 1;
}

/* Where to speak to the person: nothing is to stand between lines of JSON. */
static FILE *to_person(const struct hand *hand)
{
    return json_on_output(hand->options) ? stderr : stdout;
}

static void print_lines(const struct lines *lines, FILE *out, const char *margin)
{
    for (size_t i = 0; i < lines->count; i++)
        fprintf(out, "%s%s\n", margin, lines->line[i]);
}

/* What a key has left to be read: a page, a question, a verdict, a message. */
static void print_left(struct hand *hand)
{
    struct lines lines = {NULL, 0, 0};
    const int columns = ROW_COLUMNS - 5;
    if (hand->page != PAGE_NONE)
        print_lines(&hand->lines, to_person(hand), "");
    hand->page = PAGE_NONE;
    for (size_t i = 0; i < hand->quiz.verdict.count; i++)
        lines_add_wrapped(&lines, hand->quiz.verdict.line[i], columns, 2);
    if (*hand->message)
        lines_add_wrapped(&lines, hand->message, columns, 0);
    if (hand->quiz.asking)
        quiz_question(&hand->quiz, &lines, columns);
    print_lines(&lines, to_person(hand), "     ");
    lines_clear(&lines);
    lines_clear(&hand->quiz.verdict);
    hand->message[0] = '\0';
    await_flush();
}

/* Before the next line is read, what it is about has to be there: a packet, and all that comes with it; or the end.
 * Returns 0, or -1 with errno. */
static int await_packet(struct hand *hand)
{
    for (;;) {
        int wait_ms = hand_pass_time(hand);
        bool ready = !hand->going && (hand->wire->first_held || hand_is_over(hand));
        int result = wire_wait(hand->wire, ready ? CALM_MS : wait_ms >= 0 ? wait_ms : LOOK_MS);
        if (result == -1)
            return -1;
        if (ready && result == 0)
            return 0;
    }
}

/* Someone at a terminal that has no screen is told what there is to decide about. */
static void print_held(const struct hand *hand, const struct row_style *style)
{
    char text[ROW_SIZE], remark[HAND_REMARK_SIZE];
    const struct frame *frame = hand_chosen(hand);
    const bool unchanged[HOSTS] = {false, false};
    struct state_pair now = hand_states(hand);
    if (frame == NULL || hand->quiz.asking || !isatty(STDIN_FILENO))
        return;
    fprintf(to_person(hand), "%s\nEnter, x, 2, l, g, i, ? or q: ",
            row_packet(style, frame, FATE_HELD, &now, unchanged, hand_remark(frame, remark), text));
    await_flush();
}

/* Lines that say nothing about a packet need none. */
static bool needs_nothing(const char *line)
{
    return line[0] == 'q' || line[0] == '?' || line[0] == 'h';
}

/* A command letter for each line, until "q" or the end of the input: then the rest goes on by itself. */
static int by_lines(struct hand *hand, const struct row_style *style)
{
    struct input input = {.count = 0};
    char line[LINE_BYTES];
    int got = 1;
    while (!hand->quit) {
        bool asked = hand->quiz.asking;
        if (isatty(STDIN_FILENO) && !asked && await_packet(hand) == -1)
            return errno == EINTR ? 1 : -1;
        print_held(hand, style);
        got = read_line(hand->wire, &input, line);
        if (got <= 0)
            break;
        if (!asked && (hand->going || !needs_nothing(line)) && await_packet(hand) == -1)
            return errno == EINTR ? 1 : -1;
        if (asked && strcmp(line, "q") != 0)
            hand_answer(hand, line);
        else
            hand_key(hand, line[0] ? line[0] : '\n', ROW_COLUMNS);
        print_left(hand);
    }
    if (got == -1)
        return errno == EINTR ? 1 : -1;
    if (hand->quit)
        return 0;
    quiz_give_up(&hand->quiz);
    return drive_to_the_end(hand->wire, hand->options, 0);
}

/* ---- */

static void begin(struct hand *hand, struct hand_screen *view, const struct wire_options *options)
{
    struct wire *wire = hand->wire;
    wire_add_view(wire, hand_see, hand);
    if (options->quiz)
        wire_add_view(wire, quiz_see, &hand->quiz);
    if (options->screen) {
        kept_events_lay_out(&view->kept, &view->screen.style);
        wire_add_view(wire, kept_events_see, &view->kept);
    }
    wire->hold = true;
}

/* Views are not called any more: what they show goes with us. */
static void end(struct hand *hand, struct hand_screen *view)
{
    hand->wire->view_count -= 1 + hand->options->quiz + hand->options->screen;
    kept_events_free(&view->kept);
    lines_clear(&hand->lines);
}

int drive_by_hand(struct wire *wire, struct wire_options *options)
{
    static struct hand hand;
    static struct hand_screen view;
    hand = (struct hand){.wire = wire, .options = options};
    view = (struct hand_screen){.screen.style = row_style_of_output()};
    view.screen.style.ascii |= options->ascii;
    const struct row_style style = view.screen.style;
    hand.quiz.ascii = style.ascii;
    begin(&hand, &view, options);
    int result = drive_start(wire, options);
    bool started = result == 0;
    if (started)
        result = options->screen ? on_screen(&view, &hand) : by_lines(&hand, &style);
    if (started && result == -1)
        report_errno("the wire");
    end(&hand, &view);
    if (options->quiz)
        quiz_close(&hand.quiz, to_person(&hand));
    return result == -1 ? EXIT_WORLD : drive_exit_status(wire);
}
