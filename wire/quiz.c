#include "quiz.h"

#include "common/await.h"
#include "row.h"

#include <stdlib.h>
#include <string.h>

enum { QUIET_BETWEEN = 3, VERDICT_COLUMNS = 10000 /* whoever shows it breaks the lines */ };

static struct quiz_fins *fins_of(struct quiz *quiz, int connection)
{
    struct quiz_fins *fins = &quiz->fins[connection % QUIZ_CONNECTIONS];
    if (fins->connection != connection)
        *fins = (struct quiz_fins){.connection = connection};
    return fins;
}

static enum segment_kind kind_of(struct quiz *quiz, const struct frame *frame)
{
    const struct packet *packet = &frame->packet;
    const struct quiz_fins *fins = fins_of(quiz, frame->connection);
    enum host_id to = other_host(frame->from);
    bool of_fin = fins->sent[to] && (packet->flags & FLAG_ACK) && frame->ack == fins->end[to];
    if (packet->flags & FLAG_RST)
        return SEGMENT_RST;
    if (packet->flags & FLAG_SYN)
        return packet->flags & FLAG_ACK ? SEGMENT_SYN_ACK : SEGMENT_SYN;
    if (packet->flags & FLAG_FIN)
        return of_fin ? SEGMENT_FIN_AND_ACK : SEGMENT_FIN;
    return of_fin ? SEGMENT_ACK_OF_FIN : packet->length > 0 ? SEGMENT_DATA : SEGMENT_ACK;
}

/* ---- asking */

static void ask_about(struct quiz *quiz, enum host_id end)
{
    enum tcp_state before = quiz->states.of[end];
    quiz->end = end;
    quiz->asking = true;
    quiz->asked_us = now_us();
    quiz->guess[end] = (struct quiz_guess){.asked = true};
    /* The sender's state stays: the choices are those of somebody who thinks that it changes now. */
    quiz_rule_choices(before, end == quiz->from ? SEGMENT_ACK : quiz->kind, quiz->choices, QUIZ_CHOICES);
}

/* Whether it could change the receiver's state. */
static bool may_change(const struct quiz *quiz, enum tcp_state before)
{
    return (quiz->kind & (SEGMENT_SYN | SEGMENT_SYN_ACK | SEGMENT_RST | SEGMENT_FIN | SEGMENT_FIN_AND_ACK)) ||
           quiz_rule_expects(before, quiz->kind) != before;
}

bool quiz_ask(struct quiz *quiz, const struct frame *frame, const struct state_pair *states)
{
    enum host_id to = other_host(frame->from);
    lines_clear(&quiz->verdict);
    quiz->packet = 0;
    if (frame->packet.kind != PACKET_TCP || frame->connection == 0 || states->of[to] == STATE_NONE)
        return false;
    quiz->kind = kind_of(quiz, frame);
    bool changes = may_change(quiz, states->of[to]);
    /* Of what only carries data or acknowledges it, some are asked as well: so that "nothing changes" is an answer. */
    if (!changes && quiz->quiet_packets++ % QUIET_BETWEEN != 0)
        return false;
    quiz->packet = frame->number;
    quiz->from = frame->from;
    quiz->states = *states;
    quiz->guess[CLIENT] = quiz->guess[SERVER] = (struct quiz_guess){.asked = false};
    frame_text(frame, quiz->segment, sizeof quiz->segment);
    ask_about(quiz, changes ? CLIENT : to);
    return true;
}

void quiz_question(const struct quiz *quiz, struct lines *lines, int columns)
{
    char text[400], choices[120] = "";
    const char *window = strstr(quiz->segment, " win "); /* no state depends on what stands from there on */
    int named = (int)(window ? (size_t)(window - quiz->segment) : strlen(quiz->segment));
    snprintf(text, sizeof text, "Packet %d, %.*s, goes from the %s to the %s. In which state will the %s be then?",
             quiz->packet, named, quiz->segment, host_name(quiz->from), host_name(other_host(quiz->from)),
             host_name(quiz->end));
    lines_add_wrapped(lines, text, columns, 0);
    for (int i = 0; i < QUIZ_CHOICES; i++)
        snprintf(choices + strlen(choices), sizeof choices - strlen(choices), "  %d %s", i + 1,
                 event_state_name(quiz->choices[i]));
    lines_add(lines, choices);
}

/* What an answer means: a choice's number or a name. */
static bool read_answer(const struct quiz *quiz, const char *text, enum tcp_state *answer)
{
    char word[32];
    *answer = STATE_NONE;
    text += strspn(text, " \t");
    size_t length = strcspn(text, " \t\r\n");
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), text);
    if (*word == '\0')
        return true;
    if (length == 1 && *word >= '1' && *word < '1' + QUIZ_CHOICES)
        *answer = quiz->choices[*word - '1'];
    else
        *answer = state_from_name(word);
    return *answer != STATE_NONE;
}

enum quiz_reply quiz_answer(struct quiz *quiz, const char *text)
{
    enum tcp_state answer;
    if (!read_answer(quiz, text, &answer))
        return QUIZ_NO_STATE;
    struct quiz_guess *guess = &quiz->guess[quiz->end];
    guess->answer = answer;
    guess->took_us = now_us() - quiz->asked_us;
    quiz->asking = false;
    if (quiz->end == SERVER || !may_change(quiz, quiz->states.of[other_host(quiz->from)]))
        return QUIZ_READY;
    ask_about(quiz, SERVER);
    return QUIZ_NEXT;
}

void quiz_give_up(struct quiz *quiz)
{
    quiz->asking = false;
    quiz->packet = 0;
}

/* ---- judging */

/* A connection's row that vanished: the kernel shows LISTEN or nothing. */
static bool vanished(enum tcp_state before, enum tcp_state after)
{
    return before != after && before != STATE_LISTEN && before != STATE_CLOSED &&
           (after == STATE_LISTEN || after == STATE_CLOSED);
}

static void keep_answer(struct quiz *quiz, enum host_id end, const struct event *event, enum tcp_state truth,
                        bool right)
{
    const struct quiz_guess *guess = &quiz->guess[end];
    struct prediction *prediction = &quiz->predictions[quiz->answer_count];
    *prediction = (struct prediction){quiz->questions, quiz->packet, quiz->from, quiz->segment,
                                      guess->answer,   truth,        right,      guess->took_us};
    quiz->events[quiz->answer_count++] = (struct event){.kind = EVENT_ANSWER,
                                                        .host = end,
                                                        .connection = event->connection,
                                                        .before = event->before,
                                                        .prediction = prediction,
                                                        .text = ""};
}

/* Why an end is in that state now. */
static void explain(const struct quiz *quiz, enum host_id end, enum tcp_state before, enum tcp_state truth, char *text,
                    size_t size)
{
    const struct quiz_rule *rule = end == quiz->from ? NULL : quiz_rule_of(before, quiz->kind, truth);
    if (rule)
        snprintf(text, size, "RFC 9293, %s: %s", rule->section, rule->text);
    else if (end == quiz->from && before == truth)
        snprintf(text, size,
                 "RFC 9293, 3.3.2, figure 5: who sends has changed its state when it sent, and learns nothing "
                 "from the delivery.");
    else
        snprintf(text, size, "The kernel has seen more than this packet: its state before was %s.",
                 event_state_name(before));
}

static void tell_right(struct quiz *quiz, enum host_id end, enum tcp_state before, enum tcp_state truth)
{
    const struct quiz_rule *rule = end == quiz->from ? NULL : quiz_rule_of(before, quiz->kind, truth);
    lines_addf(&quiz->verdict, "%s %s: %s is right.%s%s%s", quiz->ascii ? "+" : "✓", host_name(end),
               event_state_name(truth), rule ? " (RFC 9293, " : "", rule ? rule->section : "", rule ? ")" : "");
}

static void tell_wrong(struct quiz *quiz, enum host_id end, enum tcp_state before, enum tcp_state truth)
{
    enum tcp_state answer = quiz->guess[end].answer;
    char why[400], said[60] = "it is";
    explain(quiz, end, before, truth, why, sizeof why);
    if (answer != STATE_NONE)
        snprintf(said, sizeof said, "not %s but", event_state_name(answer));
    lines_addf(&quiz->verdict, "%s %s: %s %s. %s", quiz->ascii ? "x" : "✗", host_name(end), said,
               event_state_name(truth), why);
    lines_addf(&quiz->wrong, "packet %d, %s, from the %s; the %s was in %s: %s %s. %s", quiz->packet, quiz->segment,
               host_name(quiz->from), host_name(end), event_state_name(before), said, event_state_name(truth), why);
}

static void judge(struct quiz *quiz, enum host_id end, const struct event *event)
{
    const struct quiz_guess *guess = &quiz->guess[end];
    enum tcp_state before = event->before.of[end], truth = event->states.of[end];
    if (before != quiz->states.of[end]) {
        lines_addf(&quiz->verdict, "%s: does not count: its program has meanwhile led it to %s.", host_name(end),
                   event_state_name(before));
        return;
    }
    bool gone = vanished(before, truth);
    if (gone)
        truth = before == STATE_SYN_RECV && truth == STATE_LISTEN ? STATE_LISTEN : STATE_CLOSED;
    bool right = guess->answer == truth || (gone && (guess->answer == STATE_LISTEN || guess->answer == STATE_CLOSED));
    quiz->questions++;
    quiz->right += right;
    quiz->unknown += guess->answer == STATE_NONE;
    keep_answer(quiz, end, event, truth, right);
    if (right)
        tell_right(quiz, end, before, truth);
    else
        tell_wrong(quiz, end, before, truth);
}

void quiz_see(void *context, const struct event *event)
{
    struct quiz *quiz = context;
    const struct frame *frame = event->frame;
    if (event->kind == EVENT_CAME && (frame->packet.flags & FLAG_FIN) && frame->connection > 0) {
        struct quiz_fins *fins = fins_of(quiz, frame->connection);
        fins->sent[frame->from] = true;
        fins->end[frame->from] = frame->seq + frame->packet.length + 1;
    }
    if (event->kind != EVENT_DELIVERED || quiz->packet != frame->number)
        return;
    quiz->answer_count = 0;
    for (int end = 0; end < HOSTS; end++)
        if (quiz->guess[end].asked)
            judge(quiz, (enum host_id)end, event);
    quiz_give_up(quiz);
}

/* ---- the end */

const char *quiz_score(const struct quiz *quiz, char text[QUIZ_SCORE_SIZE])
{
    if (quiz->questions > 0)
        snprintf(text, QUIZ_SCORE_SIZE, "%d of %d right", quiz->right, quiz->questions);
    else
        snprintf(text, QUIZ_SCORE_SIZE, "no answers yet");
    return text;
}

static void print_results(const struct quiz *quiz, FILE *out)
{
    char score[QUIZ_SCORE_SIZE];
    struct row_style style = row_style_of_output();
    struct lines wrong = {NULL, 0, 0};
    fprintf(out, "\nquiz: %s", quiz_score(quiz, score));
    if (quiz->questions > 0)
        fprintf(out, " (%d %%)", 100 * quiz->right / quiz->questions);
    if (quiz->unknown > 0)
        fprintf(out, ", %d times no answer", quiz->unknown);
    fprintf(out, "\n%s", quiz->wrong.count > 0 ? "once more, what was not right:\n" : "");
    for (size_t i = 0; i < quiz->wrong.count; i++)
        lines_add_wrapped(&wrong, quiz->wrong.line[i], style.columns - 2, 2);
    for (size_t i = 0; i < wrong.count; i++)
        fprintf(out, "  %s\n", wrong.line[i]);
    lines_clear(&wrong);
    await_flush();
}

void quiz_close(struct quiz *quiz, FILE *out)
{
    print_results(quiz, out);
    lines_clear(&quiz->verdict);
    lines_clear(&quiz->wrong);
}
