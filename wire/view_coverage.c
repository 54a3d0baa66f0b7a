#include "view_coverage.h"

#include "common/figure.h"

#include <stdio.h>

/* A RST whose delivery changes the receiver's state. The change itself is told next. */
static void see_delivery(struct coverage *coverage, const struct event *event)
{
    bool changed = event->before.of[event->host] != event->states.of[event->host];
    coverage->reset[event->host] = changed && event->frame->packet.flags & FLAG_RST ? event->connection : 0;
}

static void see_change(struct coverage *coverage, const struct event *event)
{
    enum tcp_state to = event->states.of[event->host];
    const struct transition *arrow = transition_between(event->from, to);
    bool by_reset = event->connection > 0 && coverage->reset[event->host] == event->connection;
    coverage->reset[event->host] = 0;
    coverage->states[event->from] = coverage->states[to] = true;
    if (!arrow)
        return;
    coverage->seen[arrow - transitions]++;
    coverage->resets[arrow - transitions] += by_reset;
}

void view_coverage(void *context, const struct event *event)
{
    if (event->kind == EVENT_DELIVERED)
        see_delivery(context, event);
    else if (event->kind == EVENT_STATE)
        see_change(context, event);
}

void coverage_add(struct coverage *sum, const struct coverage *part)
{
    for (int i = 0; i < TRANSITION_COUNT; i++) {
        sum->seen[i] += part->seen[i];
        sum->resets[i] += part->resets[i];
    }
    for (int state = 0; state < STATE_COUNT; state++)
        sum->states[state] |= part->states[state];
}

static bool is_possible(const struct transition *arrow)
{
    return arrow->from != STATE_LISTEN || arrow->to != STATE_SYN_SENT;
}

int coverage_count(const struct coverage *coverage)
{
    int count = 0;
    for (int i = 0; i < TRANSITION_COUNT; i++)
        count += is_possible(&transitions[i]) && coverage->seen[i] > 0;
    return count;
}

/* What the RFC's arrow does not say of what was seen. Returns text. */
static const char *remark_on(const struct transition *arrow, int seen, int resets, char text[80])
{
    const char *what = !is_possible(arrow) ? "no call does this" : seen == 0 ? "not seen" : "";
    char some[20] = "";
    snprintf(text, 80, "%s", what);
    if (resets < seen)
        snprintf(some, sizeof some, "%d of them ", resets);
    if (seen > 0 && arrow->from == STATE_SYN_RECV && arrow->to == STATE_LISTEN)
        snprintf(text, 80, "Linux: the row vanishes");
    else if (resets > 0)
        snprintf(text, 80, "%sby RST%s", some, arrow->from == STATE_TIME_WAIT ? " (RFC 1337)" : "");
    return text;
}

static void print_arrow(const struct transition *arrow, int seen, int resets)
{
    char remark[80];
    remark_on(arrow, seen, resets, remark);
    printf(" %-11s  %-11s  %-19s %4d%s%s\n", state_name(arrow->from), state_name(arrow->to), arrow->event, seen,
           *remark ? "  " : "", remark);
}

/* TIME_WAIT was seen to end, though never by its timer: that takes a minute. */
static void print_where_timer(const struct coverage *coverage)
{
    size_t end = (size_t)(transition_between(STATE_TIME_WAIT, STATE_CLOSED) - transitions);
    if (coverage->seen[end] > 0 && coverage->resets[end] == coverage->seen[end])
        printf("\nTIME_WAIT ends by its timer in wire/scenarios/long/time-wait.wire\n");
}

void coverage_print(const struct coverage *coverage, bool ascii, bool colour)
{
    struct figure figure;
    figure_draw(&figure, state_name);
    for (int state = 0; state < STATE_COUNT; state++)
        if (coverage->states[state])
            figure_mark(&figure, (enum tcp_state)state, true, STYLE_VISITED, "");
    figure_print(&figure, stdout, ascii, colour);
    printf("\n %-11s  %-11s  %-19s %s\n", "from", "to", "by", "seen");
    for (int i = 0; i < TRANSITION_COUNT; i++)
        print_arrow(&transitions[i], coverage->seen[i], coverage->resets[i]);
    print_where_timer(coverage);
    printf("\n%d of %d transitions\n", coverage_count(coverage), POSSIBLE_TRANSITIONS);
}
