#include "view_coverage.h"

#include "common/figure.h"

#include <stdio.h>

void view_coverage(void *context, const struct event *event)
{
    struct coverage *coverage = context;
    if (event->kind != EVENT_STATE)
        return;
    enum tcp_state to = event->states.of[event->host];
    coverage->states[event->from] = coverage->states[to] = true;
    const struct transition *arrow = transition_between(event->from, to);
    if (arrow)
        coverage->seen[arrow - transitions]++;
}

void coverage_add(struct coverage *sum, const struct coverage *part)
{
    for (int i = 0; i < TRANSITION_COUNT; i++)
        sum->seen[i] += part->seen[i];
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

static void print_arrow(const struct transition *arrow, int seen)
{
    const char *remark = !is_possible(arrow)                                          ? "no call does this"
                         : seen == 0                                                  ? "not seen"
                         : arrow->from == STATE_SYN_RECV && arrow->to == STATE_LISTEN ? "Linux: the row vanishes"
                                                                                      : "";
    printf(" %-11s  %-11s  %-19s %4d  %s\n", state_name(arrow->from), state_name(arrow->to), arrow->event, seen,
           remark);
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
        print_arrow(&transitions[i], coverage->seen[i]);
    printf("\n%d of %d transitions\n", coverage_count(coverage), POSSIBLE_TRANSITIONS);
}
