/* transitions_test: the arrows of transitions.c beside the list in RFC 9293, section 3.3.2, figure 5, typed anew here.
 */
#include "common/transition_text.h"
#include "common/transitions.h"

#include <stdio.h>
#include <string.h>

static int failures;

static void check(int good, const char *what)
{
    if (!good) {
        printf("transitions_test: %s\n", what);
        failures++;
    }
}

static const char *const figure[FIGURE_ARROWS][2] = {
    {"CLOSED", "LISTEN"},           {"CLOSED", "SYN-SENT"},
    {"LISTEN", "CLOSED"},           {"LISTEN", "SYN-RECEIVED"},
    {"LISTEN", "SYN-SENT"},         {"SYN-SENT", "CLOSED"},
    {"SYN-SENT", "SYN-RECEIVED"},   {"SYN-SENT", "ESTABLISHED"},
    {"SYN-RECEIVED", "LISTEN"},     {"SYN-RECEIVED", "ESTABLISHED"},
    {"SYN-RECEIVED", "FIN-WAIT-1"}, {"ESTABLISHED", "FIN-WAIT-1"},
    {"ESTABLISHED", "CLOSE-WAIT"},  {"FIN-WAIT-1", "FIN-WAIT-2"},
    {"FIN-WAIT-1", "CLOSING"},      {"CLOSE-WAIT", "LAST-ACK"},
    {"FIN-WAIT-2", "TIME-WAIT"},    {"CLOSING", "TIME-WAIT"},
    {"LAST-ACK", "CLOSED"},         {"TIME-WAIT", "CLOSED"},
};

static int text_is(enum tcp_state from, enum tcp_state to, const char *wanted)
{
    char text[TRANSITION_TEXT_SIZE];
    return strcmp(transition_text(from, to, text), wanted) == 0;
}

int main(void)
{
    int arrows = 0;
    for (int from = 1; from < STATE_COUNT; from++)
        for (int to = 1; to < STATE_COUNT; to++)
            arrows += transition_between((enum tcp_state)from, (enum tcp_state)to) != NULL;
    check(arrows == FIGURE_ARROWS + 1, "20 arrows and note 2, none twice");
    for (int i = 0; i < FIGURE_ARROWS; i++)
        check(transition_between(state_from_name(figure[i][0]), state_from_name(figure[i][1])) != NULL, figure[i][0]);
    check(transition_between(STATE_FIN_WAIT1, STATE_TIME_WAIT) != NULL, "note 2");

    enum tcp_state between[STATE_COUNT];
    check(transition_path(STATE_CLOSED, STATE_ESTABLISHED, between) == 1 && between[0] == STATE_SYN_SENT,
          "to ESTABLISHED");
    check(transition_path(STATE_SYN_SENT, STATE_FIN_WAIT1, between) == 1 && between[0] == STATE_ESTABLISHED,
          "a quick client was ESTABLISHED, not SYN-RECEIVED");
    check(transition_path(STATE_CLOSED, STATE_TIME_WAIT, between) == 3 && between[0] == STATE_SYN_SENT &&
              between[1] == STATE_ESTABLISHED && between[2] == STATE_FIN_WAIT1,
          "a quicker one was never in LISTEN");
    check(transition_path(STATE_LISTEN, STATE_FIN_WAIT1, between) == 2 && between[0] == STATE_SYN_RECV &&
              between[1] == STATE_ESTABLISHED,
          "a server that closes first was ESTABLISHED");
    check(transition_path(STATE_SYN_SENT, STATE_SYN_RECV, between) == 0, "a simultaneous open that was seen");
    check(transition_path(STATE_CLOSE_WAIT, STATE_CLOSED, between) == 1 && between[0] == STATE_LAST_ACK, "LAST-ACK");
    check(transition_path(STATE_SYN_SENT, STATE_SYN_SENT, between) == -1, "no way from a state to itself");

    check(text_is(STATE_ESTABLISHED, STATE_CLOSE_WAIT, "rcv FIN / snd ACK"), "an arrow with an action");
    check(text_is(STATE_LAST_ACK, STATE_CLOSED, "rcv ACK of FIN"), "an arrow without");
    check(text_is(STATE_ESTABLISHED, STATE_FIN_WAIT2, "by way of FIN-WAIT-1 (inferred)"), "one state between");
    check(text_is(STATE_CLOSED, STATE_CLOSE_WAIT, "by way of SYN-SENT or SYN-RECEIVED, ESTABLISHED (inferred)"),
          "a new row: who opened is not known");
    check(text_is(STATE_CLOSED, STATE_FIN_WAIT2,
                  "by way of SYN-SENT or SYN-RECEIVED, ESTABLISHED, FIN-WAIT-1 (inferred)"),
          "a new row, far on");
    check(text_is(STATE_TIME_WAIT, STATE_ESTABLISHED, "a new connection between the same ports"), "ports used again");
    return failures > 0;
}
