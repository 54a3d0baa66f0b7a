#include "hand.h"

#include "common/await.h"
#include "drive.h"
#include "screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { AT_ONCE = 64 /* packets that "g" delivers before it looks at the keyboard again */ };

__attribute__((format(printf, 2, 3))) static void say(struct hand *hand, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(hand->message, sizeof hand->message, format, values);
    va_end(values);
}

void hand_see(void *context, const struct event *event)
{
    struct hand *hand = context;
    if (event->kind == EVENT_STATE || event->kind == EVENT_EXIT || event->kind == EVENT_FAILED)
        hand->happened++;
    if (event->kind == EVENT_DELIVERED && memcmp(&event->before, &event->states, sizeof event->before) != 0)
        hand->happened++;
    if (event->connection > 0)
        hand->connection = event->connection;
    if (event->kind == EVENT_CAME && hand->wire->first_held == NULL && !hand->going && !hand->automatic)
        hand->message[0] = '\0'; /* "nothing is on the wire" is not true any more */
}

/* ---- what is held */

static struct frame *numbered(const struct hand *hand, int number)
{
    struct frame *frame = hand->wire->first_held;
    while (frame && frame->number != number)
        frame = frame->next;
    return frame;
}

struct frame *hand_chosen(const struct hand *hand)
{
    struct frame *frame = numbered(hand, hand->chosen);
    return frame ? frame : hand->wire->first_held;
}

int hand_place(const struct hand *hand)
{
    const struct frame *chosen = hand_chosen(hand);
    int place = 0;
    for (const struct frame *frame = hand->wire->first_held; frame && frame != chosen; frame = frame->next)
        place++;
    return place;
}

struct state_pair hand_states(const struct hand *hand)
{
    struct wire *wire = hand->wire;
    const struct frame *frame = hand_chosen(hand);
    int number = frame ? frame->connection : hand->connection;
    if (number > 0 || frame)
        return states_of(&wire->states, connection_numbered(&wire->connections, number));
    struct state_pair pair; /* nothing has been sent as yet */
    for (int host = 0; host < HOSTS; host++)
        pair.of[host] = states_have(&wire->states, (enum host_id)host, STATE_LISTEN, 0) ? STATE_LISTEN : STATE_CLOSED;
    return pair;
}

const char *hand_remark(const struct frame *frame, char text[HAND_REMARK_SIZE])
{
    text[0] = '\0';
    if (frame->copies > 0)
        snprintf(text, HAND_REMARK_SIZE, "sent %d times", frame->copies + 1);
    else if (frame->deliveries > 0)
        snprintf(text, HAND_REMARK_SIZE, "a copy");
    else if (frame->repeat_of > 0)
        repeat_text(frame, text);
    return text;
}

bool hand_is_over(const struct hand *hand)
{
    const struct wire *wire = hand->wire;
    return drive_is_over(wire) && (hand->options->command_count[CLIENT] > 0 || !wire_runs(wire, SERVER));
}

/* Up and down the list; at its ends it stays. */
static void choose(struct hand *hand, int step)
{
    struct frame *frame = hand->wire->first_held;
    int place = hand_place(hand) + step;
    if (frame == NULL || frame->next == NULL) {
        say(hand, "%s", frame ? "no other packet is on the wire" : "nothing is on the wire");
        return;
    }
    for (; place > 0 && frame->next; place--)
        frame = frame->next;
    hand->chosen = frame->number;
}

/* ---- deeds */

static void deliver(struct hand *hand, struct frame *frame, bool keep)
{
    hand->message[0] = '\0';
    hand->next_us = 0;
    if (keep)
        say(hand, "packet %d was delivered, and a copy of it is still on the wire", frame->number);
    hand->quiz.answer_count = 0;
    wire_deliver(hand->wire, frame, keep);
    for (int i = 0; i < hand->quiz.answer_count; i++)
        wire_emit(hand->wire, &hand->quiz.events[i]);
}

/* Before a delivery the quiz asks, if it has something to ask. */
static void deliver_or_ask(struct hand *hand, struct frame *frame, bool keep)
{
    struct state_pair states = states_of(&hand->wire->states,
                                         connection_numbered(&hand->wire->connections, frame->connection));
    hand->keep = keep;
    hand->typed[0] = '\0';
    if (hand->options->quiz && quiz_ask(&hand->quiz, frame, &states))
        hand->message[0] = '\0';
    else
        deliver(hand, frame, keep);
}

void hand_answer(struct hand *hand, const char *text)
{
    struct frame *frame = numbered(hand, hand->quiz.packet);
    hand->message[0] = hand->typed[0] = '\0';
    if (frame == NULL) {
        quiz_give_up(&hand->quiz);
        return;
    }
    switch (quiz_answer(&hand->quiz, text)) {
    case QUIZ_READY: deliver(hand, frame, hand->keep); break;
    case QUIZ_NEXT: break;
    case QUIZ_NO_STATE: say(hand, "\"%.20s\" is no state and no number from 1 to %d", text, QUIZ_CHOICES); break;
    }
}

static void drop(struct hand *hand, struct frame *frame)
{
    bool repeats = frame->packet.kind == PACKET_TCP &&
                   (frame->packet.length > 0 || (frame->packet.flags & (FLAG_SYN | FLAG_FIN)));
    bool slow = repeats && !hand->options->own_timers && !(frame->packet.flags & FLAG_SYN);
    if (frame->deliveries > 0)
        say(hand, "the copy of packet %d is gone", frame->number);
    else
        say(hand, "packet %d is lost. %s%s", frame->number,
            repeats ? "Its sender waits for an ACK, and sends it again when its timer ends"
                    : "Nobody will send it again",
            slow ? ": after a minute here (--own-timers: 0.2 s)" : "");
    hand->next_us = 0;
    wire_drop(hand->wire, frame, "");
}

static void put_back(struct hand *hand, struct frame *frame)
{
    if (hand->wire->held_count == 1) {
        say(hand, "packet %d is the only one: when others come, choose one of them with Down and deliver it first",
            frame->number);
        return;
    }
    say(hand, "packet %d waits: the others may overtake it", frame->number);
    wire_put_last(hand->wire, frame);
    hand->chosen = 0;
}

/* What goes on by itself would not be asked about. */
static void go_on(struct hand *hand, bool automatic)
{
    if (hand->options->quiz) {
        say(hand, "not in the quiz: it asks about each packet");
        return;
    }
    hand->happened_before = hand->happened;
    if (automatic) {
        hand->automatic = !hand->automatic;
        hand->next_us = 0;
        say(hand, "%s", hand->automatic ? "" : "each packet waits for you again");
    } else {
        hand->going = true;
        hand->automatic = false;
        hand->message[0] = '\0';
    }
}

static void open_page(struct hand *hand, enum hand_page page, int key, int columns)
{
    const struct frame *frame = hand_chosen(hand);
    if (page == PAGE_DETAILS && frame == NULL) {
        say(hand, "nothing is on the wire");
        return;
    }
    lines_clear(&hand->lines);
    if (page == PAGE_HELP)
        page_help(&hand->lines, columns, hand->options->quiz);
    else if (page == PAGE_NETSTAT)
        page_netstat(&hand->lines, hand->wire, key == 's' ? SERVER : CLIENT);
    else
        page_details(&hand->lines, hand->wire, frame, columns);
    hand->page = page;
}

/* Keys that are about a packet. */
static void packet_key(struct hand *hand, int key)
{
    struct frame *frame = hand_chosen(hand);
    if (frame == NULL)
        say(hand, "nothing is on the wire");
    else if (key == '2')
        deliver_or_ask(hand, frame, true);
    else if (key == 'x' || key == 'd')
        drop(hand, frame);
    else if (key == 'l')
        put_back(hand, frame);
    else
        deliver_or_ask(hand, frame, false);
}

void hand_key(struct hand *hand, int key, int columns)
{
    switch (key) {
    case '\r':
    case '\n':
    case ' ':
        if (hand->wire->first_held == NULL && hand_is_over(hand)) {
            hand->quit = true;
            break;
        }
        packet_key(hand, key);
        break;
    case 'x':
    case 'd':
    case '2':
    case 'l': packet_key(hand, key); break;
    case KEY_UP:
    case 'k': choose(hand, -1); break;
    case KEY_DOWN:
    case 'j': choose(hand, 1); break;
    case 'g': go_on(hand, false); break;
    case 'a': go_on(hand, true); break;
    case 'c':
    case 's': open_page(hand, PAGE_NETSTAT, key, columns); break;
    case 'i': open_page(hand, PAGE_DETAILS, key, columns); break;
    case '?':
    case 'h': open_page(hand, PAGE_HELP, key, columns); break;
    case 'q':
    case KEY_GONE: hand->quit = true; break;
    default:
        if (key > ' ' && key < 0x7f)
            say(hand, "'%c' is no key here: ? says which there are", key);
    }
}

int hand_pass_time(struct hand *hand)
{
    for (int i = 0; hand->going && i < AT_ONCE; i++) {
        hand->going = hand->happened == hand->happened_before && !hand_is_over(hand);
        if (!hand->going || hand->wire->first_held == NULL)
            break;
        deliver(hand, hand->wire->first_held, false);
    }
    if (hand->going)
        return hand->wire->first_held ? 0 : -1;
    if (!hand->automatic || hand->wire->first_held == NULL)
        return -1;
    long long now = now_us();
    if (hand->next_us == 0)
        hand->next_us = now + hand->options->play_ms * 1000LL;
    if (now >= hand->next_us) {
        deliver(hand, hand_chosen(hand), false);
        return 0;
    }
    return (int)((hand->next_us - now) / 1000) + 1;
}
