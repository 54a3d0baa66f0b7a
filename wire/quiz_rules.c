#include "quiz_rules.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ANY_FIN = SEGMENT_FIN | SEGMENT_FIN_AND_ACK,
    ANY_ACK = SEGMENT_ACK_OF_FIN | SEGMENT_ACK | SEGMENT_DATA,
    ANY_SYN = SEGMENT_SYN | SEGMENT_SYN_ACK
};

/* Sections of RFC 9293: "3.10.7.4, fifth" is the fifth step there. Where two rules begin alike the first one says what
 * is to be expected. */
static const struct quiz_rule rules[] = {
    {STATE_CLOSED, STATE_CLOSED, SEGMENT_RST, "3.10.7.1", "Where there is no connection a RST is thrown away."},
    {STATE_CLOSED, STATE_CLOSED, ANY_SYN | ANY_FIN | ANY_ACK, "3.10.7.1",
     "Where there is no connection, whatever arrives is answered with a RST; no state comes into being."},

    {STATE_LISTEN, STATE_LISTEN, SEGMENT_RST, "3.10.7.2, first", "A RST that comes to LISTEN is ignored."},
    {STATE_LISTEN, STATE_LISTEN, ANY_ACK | ANY_FIN | SEGMENT_SYN_ACK, "3.10.7.2, second",
     "LISTEN has sent nothing that could be acknowledged: an ACK is answered with a RST, the state stays."},
    {STATE_LISTEN, STATE_SYN_RECV, SEGMENT_SYN, "3.10.7.2, third",
     "A SYN that comes to LISTEN is answered with SYN+ACK, and the new connection is in SYN_RECV: not yet ESTABLISHED, "
     "since nobody has acknowledged our SYN."},

    {STATE_SYN_SENT, STATE_ESTABLISHED, SEGMENT_SYN_ACK, "3.10.7.3, fourth",
     "It brings the other end's SYN and acknowledges ours: both directions are agreed on, so ESTABLISHED."},
    {STATE_SYN_SENT, STATE_SYN_RECV, SEGMENT_SYN, "3.10.7.3, fourth",
     "A SYN without an ACK: both ends have opened at the same time, and ours is not yet acknowledged: SYN_RECV."},
    {STATE_SYN_SENT, STATE_CLOSED, SEGMENT_RST, "3.10.7.3, second",
     "A RST that acknowledges our SYN refuses the connection (connect: Connection refused)."},
    {STATE_SYN_SENT, STATE_SYN_SENT, ANY_ACK | ANY_FIN, "3.10.7.3, first and fifth",
     "Without SYN or RST the segment is dropped; an ACK of something that we have not sent is answered with a RST."},

    {STATE_SYN_RECV, STATE_ESTABLISHED, ANY_ACK | SEGMENT_SYN_ACK, "3.10.7.4, fifth",
     "It acknowledges our SYN, which is what SYN_RECV waits for: ESTABLISHED."},
    {STATE_SYN_RECV, STATE_CLOSE_WAIT, ANY_FIN, "3.10.7.4, fifth and eighth",
     "It acknowledges our SYN (ESTABLISHED), and its FIN counts at once: CLOSE_WAIT."},
    {STATE_SYN_RECV, STATE_LISTEN, SEGMENT_RST, "3.10.7.4, second",
     "A connection that came from LISTEN goes back there: its row vanishes, the listening socket stays."},
    {STATE_SYN_RECV, STATE_CLOSED, SEGMENT_RST, "3.10.7.4, second",
     "A RST: an end that had opened actively is CLOSED (Connection refused)."},
    {STATE_SYN_RECV, STATE_SYN_RECV, ANY_SYN, "3.10.7.4, first and fourth",
     "The SYN has been here already: it is answered again, the state stays."},

    {STATE_ESTABLISHED, STATE_CLOSE_WAIT, ANY_FIN, "3.10.7.4, eighth",
     "A FIN: the other end sends no more. ESTABLISHED becomes CLOSE_WAIT: it waits for its own program's close()."},
    {STATE_ESTABLISHED, STATE_ESTABLISHED, ANY_ACK, "3.10.7.4, fifth and seventh",
     "Data and ACKs are the daily work of ESTABLISHED; only a FIN, a RST or its own program ends it."},

    {STATE_FIN_WAIT1, STATE_FIN_WAIT2, SEGMENT_ACK_OF_FIN, "3.10.7.4, fifth",
     "Our FIN is acknowledged: FIN_WAIT2, which waits for the other end's FIN."},
    {STATE_FIN_WAIT1, STATE_TIME_WAIT, SEGMENT_FIN_AND_ACK, "3.10.7.4, fifth and eighth",
     "It acknowledges our FIN (FIN_WAIT2) and brings the other's FIN as well: TIME_WAIT in one step."},
    {STATE_FIN_WAIT1, STATE_CLOSING, SEGMENT_FIN, "3.10.7.4, eighth",
     "A FIN came before the ACK of ours: both ends have closed at the same time, CLOSING waits for that ACK."},
    {STATE_FIN_WAIT1, STATE_FIN_WAIT1, ANY_ACK, "3.10.7.4, fifth",
     "FIN_WAIT1 waits for the ACK of its FIN; this one acknowledges only what was sent before."},

    {STATE_FIN_WAIT2, STATE_TIME_WAIT, ANY_FIN, "3.10.7.4, eighth",
     "The other end's FIN, which FIN_WAIT2 waits for: it is acknowledged, then TIME_WAIT."},
    {STATE_FIN_WAIT2, STATE_FIN_WAIT2, ANY_ACK, "3.10.7.4, fifth and seventh",
     "The connection is half-closed: data may still come, until the other end's FIN."},

    {STATE_CLOSING, STATE_TIME_WAIT, SEGMENT_ACK_OF_FIN | SEGMENT_FIN_AND_ACK, "3.10.7.4, fifth",
     "Our FIN is acknowledged, the other one came before: TIME_WAIT."},
    {STATE_CLOSING, STATE_CLOSING, ANY_ACK | ANY_FIN, "3.10.7.4, fifth",
     "CLOSING waits for the ACK of its own FIN, and this is not it."},

    {STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, ANY_ACK | ANY_FIN, "3.10.7.4, fifth; 3.10.4",
     "No segment ends CLOSE_WAIT: it waits for its own program's close()."},
    {STATE_LAST_ACK, STATE_CLOSED, SEGMENT_ACK_OF_FIN | SEGMENT_FIN_AND_ACK, "3.10.7.4, fifth",
     "The ACK of its FIN is all that LAST_ACK waits for: the connection is gone (netstat then has no row for it, only "
     "the listening socket's)."},
    {STATE_LAST_ACK, STATE_LAST_ACK, ANY_ACK | ANY_FIN, "3.10.7.4, fifth",
     "LAST_ACK waits for the ACK of its FIN; this one acknowledges only what was sent before."},

    {STATE_TIME_WAIT, STATE_TIME_WAIT, ANY_FIN, "3.10.7.4, eighth",
     "The other end's FIN again: it has not seen our ACK. It gets another one, and the waiting time begins anew."},
    {STATE_TIME_WAIT, STATE_TIME_WAIT, ANY_ACK, "3.10.7.4; 3.6",
     "TIME_WAIT ends by its clock: it is there to answer what comes late."},
    {STATE_TIME_WAIT, STATE_SYN_RECV, SEGMENT_SYN, "3.10.7.4, fourth",
     "A SYN with a later number may open the same connection anew: the old one is over."},
};

/* Rules for all states in which both SYNs have been seen. */
static const struct quiz_rule reset_rule = {STATE_NONE, STATE_CLOSED, SEGMENT_RST, "3.10.7.4, second",
                                            "A RST with the number that is expected ends the connection at once."};
static const struct quiz_rule late_syn_rule = {
    STATE_NONE, STATE_NONE, ANY_SYN, "3.10.7.4, fourth",
    "A SYN in a connection that stands changes nothing: it is answered with an ACK (RFC 5961)."};
static const struct quiz_rule not_yet_rule = {
    STATE_NONE, STATE_NONE, ANY_FIN | SEGMENT_RST | ANY_ACK, "3.10.7.4, first",
    "What does not stand at the expected number (something before it is missing, or it came already) does not count."};
static const struct quiz_rule data_after_close_rule = {
    STATE_NONE, STATE_CLOSED, SEGMENT_DATA | ANY_FIN, "3.6.1",
    "Its program has closed and will never read this: the kernel answers with a RST, and the connection is gone."};

enum { RULES = sizeof rules / sizeof rules[0] };

/* Which of the general rules fits: they hold from SYN_RECV on. */
static const struct quiz_rule *general_rule(enum tcp_state before, enum segment_kind kind, enum tcp_state after)
{
    if (before == STATE_CLOSED || before == STATE_LISTEN || before == STATE_SYN_SENT)
        return NULL;
    if (after == STATE_CLOSED)
        return kind == SEGMENT_RST ? &reset_rule : data_after_close_rule.kinds & kind ? &data_after_close_rule : NULL;
    if (after != before)
        return NULL;
    return (late_syn_rule.kinds & kind) ? &late_syn_rule : &not_yet_rule;
}

const struct quiz_rule *quiz_rule_of(enum tcp_state before, enum segment_kind kind, enum tcp_state after)
{
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].before == before && rules[i].after == after && (rules[i].kinds & kind))
            return &rules[i];
    return general_rule(before, kind, after);
}

enum tcp_state quiz_rule_expects(enum tcp_state before, enum segment_kind kind)
{
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].before == before && (rules[i].kinds & kind))
            return rules[i].after;
    return kind == SEGMENT_RST ? STATE_CLOSED : before;
}

/* ---- choices */

enum { OTHERS = 4 };

/* States that somebody may well take for the next one, the best first. */
static const enum tcp_state plausible[STATE_COUNT][OTHERS] = {
    [STATE_CLOSED] = {STATE_LISTEN, STATE_SYN_SENT, STATE_TIME_WAIT, STATE_ESTABLISHED},
    [STATE_LISTEN] = {STATE_SYN_RECV, STATE_ESTABLISHED, STATE_CLOSED, STATE_SYN_SENT},
    [STATE_SYN_SENT] = {STATE_ESTABLISHED, STATE_SYN_RECV, STATE_CLOSED, STATE_LISTEN},
    [STATE_SYN_RECV] = {STATE_ESTABLISHED, STATE_LISTEN, STATE_SYN_SENT, STATE_CLOSED},
    [STATE_ESTABLISHED] = {STATE_CLOSE_WAIT, STATE_FIN_WAIT1, STATE_TIME_WAIT, STATE_CLOSED},
    [STATE_FIN_WAIT1] = {STATE_FIN_WAIT2, STATE_TIME_WAIT, STATE_CLOSING, STATE_CLOSE_WAIT},
    [STATE_FIN_WAIT2] = {STATE_TIME_WAIT, STATE_CLOSING, STATE_CLOSED, STATE_LAST_ACK},
    [STATE_TIME_WAIT] = {STATE_CLOSED, STATE_FIN_WAIT2, STATE_ESTABLISHED, STATE_LAST_ACK},
    [STATE_CLOSE_WAIT] = {STATE_LAST_ACK, STATE_ESTABLISHED, STATE_CLOSED, STATE_TIME_WAIT},
    [STATE_LAST_ACK] = {STATE_CLOSED, STATE_TIME_WAIT, STATE_CLOSE_WAIT, STATE_FIN_WAIT2},
    [STATE_CLOSING] = {STATE_TIME_WAIT, STATE_FIN_WAIT2, STATE_CLOSED, STATE_LAST_ACK},
};

/* The order in which a connection's life would show them. */
static const enum tcp_state in_order[] = {STATE_CLOSED,      STATE_LISTEN,     STATE_SYN_SENT,  STATE_SYN_RECV,
                                          STATE_ESTABLISHED, STATE_FIN_WAIT1,  STATE_FIN_WAIT2, STATE_CLOSING,
                                          STATE_TIME_WAIT,   STATE_CLOSE_WAIT, STATE_LAST_ACK};

enum { STATES = sizeof in_order / sizeof in_order[0] };

void quiz_rule_choices(enum tcp_state before, enum segment_kind kind, enum tcp_state *choices, int count)
{
    enum tcp_state expected = quiz_rule_expects(before, kind);
    bool chosen[STATE_COUNT] = {[STATE_NONE] = false};
    int found = 1 + (expected != before);
    chosen[before] = chosen[expected] = true;
    for (int i = 0; i < 2 * OTHERS && found < count; i++) {
        enum tcp_state other = plausible[i < OTHERS ? before : expected][i % OTHERS];
        found += !chosen[other];
        chosen[other] = true;
    }
    for (int i = 0, at = 0; i < STATES && at < count; i++)
        if (chosen[in_order[i]])
            choices[at++] = in_order[i];
}
