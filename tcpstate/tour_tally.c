/* tour_tally.c: the end of the tour: which of the eleven states the kernel has shown. */
#include "tour.h"

#include "common/report.h"

#include <stdio.h>

/* The order in which a connection lives. */
static const enum tcp_state life[] = {STATE_CLOSED,      STATE_LISTEN,     STATE_SYN_SENT,  STATE_SYN_RECV,
                                      STATE_ESTABLISHED, STATE_FIN_WAIT1,  STATE_FIN_WAIT2, STATE_CLOSING,
                                      STATE_TIME_WAIT,   STATE_CLOSE_WAIT, STATE_LAST_ACK};
enum { LIFE_LENGTH = sizeof life / sizeof life[0], WITH_ROW = LIFE_LENGTH - 1 /* all but CLOSED */ };

/* The numbers of the parts in `bits`: "1 2 5". */
static void parts_text(unsigned bits, const char *between, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (int part = 1; part < 32 && at + 4 < size; part++)
        if (bits & (1u << part))
            at += (size_t)snprintf(text + at, size - at, "%s%d", at ? between : "", part);
}

static void tell_state(const struct tour *tour, enum tcp_state state)
{
    char parts[64];
    const struct tour_tally *tally = &tour->tally;
    if (tour->options.json) {
        parts_text(tally->parts[state], ",", parts, sizeof parts);
        printf("{\"event\":\"state\",\"state\":\"%s\",\"rfc\":\"%s\",\"seen\":%u,\"inferred\":%u,\"parts\":[%s]}\n",
               state_name(state), state_rfc_name(state), tally->seen[state], tally->inferred[state], parts);
        return;
    }
    parts_text(tally->parts[state], " ", parts, sizeof parts);
    printf(" %-12s %-13s %5u %9u   %s\n", state_name(state), state_rfc_name(state), tally->seen[state],
           tally->inferred[state], parts);
}

bool tour_tell_tally(const struct tour *tour)
{
    int seen = 0;
    for (int i = 0; i < LIFE_LENGTH; i++)
        seen += life[i] != STATE_CLOSED && tour->tally.seen[life[i]] > 0;
    const char *bold = tour->options.colour ? "\033[1m" : "", *plain = tour->options.colour ? "\033[0m" : "";

    if (!tour->options.json)
        printf("\n%s netstat      RFC 9293       seen  inferred   seen in part%s\n", bold, plain);
    for (int i = 0; i < LIFE_LENGTH; i++) {
        tell_state(tour, life[i]);
        if (life[i] != STATE_CLOSED && tour->tally.seen[life[i]] == 0)
            report("tour: the kernel never showed %s", state_name(life[i]));
    }
    if (tour->options.json)
        printf("{\"event\":\"end\",\"states_seen\":%d,\"states_with_a_row\":%d,\"failures\":%d}\n", seen, WITH_ROW,
               tour->failures);
    else
        printf("\n%s %d of the %d states that have a row were seen.%s CLOSED has none.\n", bold, seen, WITH_ROW, plain);
    return seen == WITH_ROW;
}
